//! `dbstate man`.

use std::io::Error;
use std::path::PathBuf;

use clap::{Args, CommandFactory};

use super::output::Output;
use super::{Cli, Failure, exit};
use crate::diagnostic::{Code, Diagnostic, Result, io_text};

/// Flags of `dbstate man`.
#[derive(Debug, Args)]
pub struct Command {
    /// The directory to write a page for each command into [default: print the first page]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Command {
    /// Writes the pages.
    pub fn run(&self, output: &Output) -> Result<u8, Failure> {
        let mut command = Cli::command();
        command.build();
        let Some(out) = &self.out else {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page).map_err(|error| failed(&error, "the page"))?;
            output.result(&String::from_utf8_lossy(&page));
            return Ok(exit::OK);
        };
        let shown = out.display().to_string();
        std::fs::create_dir_all(out).map_err(|error| failed(&error, &shown))?;
        let pages = pages(&command);
        clap_mangen::generate_to(command, out).map_err(|error| failed(&error, &shown))?;
        output.talk(&format!("wrote {pages} pages into {shown}"));
        Ok(exit::OK)
    }
}

/// Returns the number of pages: one for the command, and those of each subcommand.
fn pages(command: &clap::Command) -> usize {
    let documented = command.get_subcommands().filter(|command| !command.is_hide_set());
    1 + documented.map(pages).sum::<usize>()
}

fn failed(error: &Error, what: &str) -> Box<Diagnostic> {
    let message = format!("can't write `{what}`: {}", io_text(error));
    Box::new(Diagnostic::new(Code::File, message).help("name a directory that you may write to"))
}
