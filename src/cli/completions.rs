//! `dbstate completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::output::Output;
use super::{Cli, exit};

/// Arguments of `dbstate completions`.
#[derive(Debug, Args)]
pub struct Command {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Command {
    /// Prints the script that a shell reads to complete commands and flags.
    pub fn run(&self, output: &Output) -> u8 {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "dbstate", &mut script);
        output.result(&String::from_utf8_lossy(&script));
        exit::OK
    }
}
