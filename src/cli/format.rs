//! `dbstate fmt`.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;

use super::output::{Output, write_file};
use super::{Failure, exit};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Result, Sources};
use crate::ops::format;

/// Flags of `dbstate fmt`.
#[derive(Debug, Args)]
pub struct Command {
    /// Files, or directories of them; `-` reads standard input and writes standard output [default: the files of the
    /// project]
    #[arg(value_name = "FILE|DIR")]
    files: Vec<PathBuf>,
    /// Write nothing; name the files that are not in the canonical layout, and exit with 1 where there are some
    #[arg(long)]
    check: bool,
}

impl Command {
    /// Writes the files in the canonical layout.
    pub fn run(&self, output: &Output) -> Result<u8, Failure> {
        if self.files == [Path::new("-")] {
            return self.standard_input(output);
        }
        let here = std::env::current_dir().unwrap_or_default();
        let (files, sources, problems) = format::files(&self.files, &here);
        let changed: Vec<_> = files.into_iter().filter(|f| f.changed).collect();
        for file in &changed {
            let shown = sources.shown(&file.path);
            if self.check {
                output.result(&format!("{shown}\n"));
            } else {
                write_file(&file.path, &file.text)?;
                output.talk(&format!("formatted {shown}"));
            }
        }
        failed(problems, sources)?;
        Ok(if self.check && !changed.is_empty() { exit::FAILED } else { exit::OK })
    }

    fn standard_input(&self, output: &Output) -> Result<u8, Failure> {
        let mut before = String::new();
        std::io::stdin().read_to_string(&mut before).map_err(|error| {
            Diagnostic::new(Code::File, format!("can't read standard input: {error}")).help("give it text in UTF-8")
        })?;
        let (text, sources, problems) = format::text(&before);
        failed(problems, sources)?;
        let text = text.unwrap_or_default();
        if !self.check {
            output.result(&text);
        }
        Ok(if self.check && text != before { exit::FAILED } else { exit::OK })
    }
}

fn failed(problems: Diagnostics, sources: Sources) -> Result<(), Failure> {
    if problems.is_empty() { Ok(()) } else { Err(Failure { problems, sources }) }
}
