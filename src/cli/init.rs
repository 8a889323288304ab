//! `dbstate init`.

use std::path::PathBuf;

use clap::Args;

use super::output::{Output, write_file};
use super::{Failure, exit};
use crate::diagnostic::{Code, Diagnostic, Result};
use crate::ops;

/// Flags of `dbstate init`.
#[derive(Debug, Args)]
pub struct Command {
    /// The directory
    #[arg(default_value = ".")]
    directory: PathBuf,
}

/// What to do with them.
const NEXT: &str = "
next:
  dbstate plan -d local    what would change on an embedded server; `apply -d local` does it
  dbstate plan -d URL      on a server of yours, or set `DATABASE_URL`
A database that is there already becomes a project with `dbstate pull -d URL -o DIR`.";

impl Command {
    /// Writes the files of a first project, and never over another file.
    pub fn run(&self, output: &Output) -> Result<u8, Failure> {
        let files = ops::init::files();
        for (name, _) in &files {
            let path = self.directory.join(name);
            if path.exists() {
                let help = "a project is here already: run `dbstate plan`";
                return Err(Diagnostic::new(Code::File, format!("`{}` exists", path.display())).help(help).into());
            }
        }
        for (name, text) in files {
            let path = self.directory.join(name);
            write_file(&path, text)?;
            output.wrote(&[path]);
        }
        output.talk(NEXT);
        Ok(exit::OK)
    }
}
