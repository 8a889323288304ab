//! `dbstate history`.

use clap::Args;

use super::connection::Connection;
use super::formats::Report;
use super::output::Output;
use super::{Failure, exit};
use crate::diagnostic::Result;
use crate::ops;
use crate::report;

/// Flags of `dbstate history`.
#[derive(Debug, Args)]
pub struct Command {
    #[command(flatten)]
    connection: Connection,
    /// How to print it; the statements with `-v`
    #[arg(long, value_enum, default_value = "text")]
    format: Report,
}

impl Command {
    /// Prints what was applied.
    pub async fn run(&self, output: &Output) -> Result<u8, Failure> {
        let session = self.connection.here(output).await?;
        let applies = ops::history::history(&session).await?;
        output.result(&match self.format {
            Report::Text => report::history::text(&applies, output.verbose > 0),
            Report::Json => report::history::json(&applies),
        });
        Ok(exit::OK)
    }
}
