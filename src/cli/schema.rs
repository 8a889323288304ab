//! `dbstate schema`.

use clap::Args;

use super::exit;
use super::output::Output;
use crate::declare::json_schema;
use crate::kinds;

/// Flags of `dbstate schema`.
#[derive(Debug, Args)]
pub struct Command {
    /// The schema of `dbstate.yaml` in place of that of a project's files
    #[arg(long)]
    settings: bool,
}

impl Command {
    /// Prints the JSON Schema.
    pub fn run(&self, output: &Output) -> u8 {
        let schema = if self.settings { json_schema::settings() } else { json_schema::project(kinds::register()) };
        output.result(&format!("{schema:#}\n"));
        exit::OK
    }
}
