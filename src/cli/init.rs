//! `dbstate init`.

use std::path::PathBuf;

use clap::Args;

use super::output::Output;
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

impl Command {
    /// Writes the files of a first project, and never over another file.
    pub fn run(&self, output: &Output) -> Result<u8, Failure> {
        let failed = |path: &PathBuf, error: &std::io::Error| {
            let help = "choose a directory you may write to, that has no such file yet";
            Diagnostic::new(Code::File, format!("can't write `{}`: {error}", path.display())).help(help)
        };
        std::fs::create_dir_all(&self.directory).map_err(|e| failed(&self.directory, &e))?;
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
            std::fs::write(&path, text).map_err(|e| failed(&path, &e))?;
            output.talk(&format!("wrote {}", path.display()));
        }
        Ok(exit::OK)
    }
}
