//! `dbstate completions`.

use clap::builder::PossibleValuesParser;
use clap::{Arg, Args, Command as Clap, CommandFactory, ValueHint};
use clap_complete::Shell;

use super::output::Output;
use super::{Cli, exit};
use crate::report::explain::names;

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
        let code = |arg: Arg| arg.value_parser(PossibleValuesParser::new(names()));
        let explained = Cli::command().mut_subcommand("explain", |explain| explain.mut_arg("code", code));
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut hinted(explained), "dbstate", &mut script);
        output.result(&String::from_utf8_lossy(&script));
        exit::OK
    }
}

/// Returns the command with no completions for values that only the user knows: shells would offer files for them.
fn hinted(command: Clap) -> Clap {
    let hint = |arg: Arg| {
        let is_unknown = arg.get_action().takes_values() && arg.get_value_hint() == ValueHint::Unknown;
        if is_unknown { arg.value_hint(ValueHint::Other) } else { arg }
    };
    command.mut_args(hint).mut_subcommands(hinted)
}
