//! `dbstate validate`.

use clap::Args;

use super::output::Output;
use super::{Failure, Files, exit};
use crate::diagnostic::Result;

/// Flags of `dbstate validate`.
#[derive(Debug, Args)]
pub struct Command {
    #[command(flatten)]
    files: Files,
}

impl Command {
    /// Reads and checks the files.
    pub fn run(&self, output: &Output) -> Result<u8, Failure> {
        let project = self.files.read()?;
        let plural = if project.state.len() == 1 { "" } else { "s" };
        output.talk(&format!("valid: {} object{plural}", project.state.len()));
        Ok(exit::OK)
    }
}
