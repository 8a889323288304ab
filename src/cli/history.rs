//! `dbstate history`.

use clap::{Args, ValueEnum};

use super::connection::Connection;
use super::output::Output;
use super::{Failure, WithSources, exit};
use crate::declare::project::settings_of;
use crate::diagnostic::Result;
use crate::ops;
use crate::report;

/// How to print the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people; statements with `-v`
    Text,
    /// For programs
    Json,
}

/// Flags of `dbstate history`.
#[derive(Debug, Args)]
pub struct Command {
    #[command(flatten)]
    connection: Connection,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Command {
    /// Prints what was applied.
    pub async fn run(&self, output: &Output) -> Result<u8, Failure> {
        let (project, problems) = settings_of(&std::env::current_dir().unwrap_or_default());
        problems.into_result(()).with(&project.sources)?;
        let session = self.connection.open(&project.settings, output).await.with(&project.sources)?;
        let applies = ops::history::history(&session).await?;
        output.result(&match self.format {
            Format::Text => report::history::text(&applies, output.verbose > 0),
            Format::Json => report::history::json(&applies),
        });
        Ok(exit::OK)
    }
}
