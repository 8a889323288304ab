//! `dbstate drift`.

use clap::Args;

use super::connection::Connection;
use super::formats::{Format, Purpose};
use super::output::Output;
use super::plan::{Made, Manner, planned};
use super::scratch::Scratch;
use super::{Failure, Files, exit};
use crate::diagnostic::Result;

/// Flags of `dbstate drift`.
#[derive(Debug, Args)]
pub struct Command {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    connection: Connection,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Accepted for symmetry with `plan`: drift always exits with 2 on differences
    #[arg(long, visible_alias = "detailed-exitcode")]
    exit_code: bool,
    #[command(flatten)]
    scratch: Scratch,
}

impl Command {
    /// Prints the differences; exit code 2 when there are any.
    pub async fn run(&self, output: &Output) -> Result<u8, Failure> {
        let made = planned(&self.files, &self.connection, &self.scratch, Manner::default(), output).await;
        let Made { project, planned, .. } = self.format.tell(made, Purpose::Drift, output)?;
        output.result(&self.format.print(&planned, &project.sources, Purpose::Drift, output));
        Ok(if planned.plan.is_empty() { exit::OK } else { exit::DIFFERENCES })
    }
}
