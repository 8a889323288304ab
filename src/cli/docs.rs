//! `dbstate docs`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::connection::Connection;
use super::output::Output;
use super::{Failure, Files, WithSources, exit};
use crate::declare::project::settings_of;
use crate::diagnostic::{Code, Diagnostic, Result, io_text};
use crate::model::site::Site;
use crate::{ops, report};

/// Flags of `dbstate docs`.
#[derive(Debug, Args)]
pub struct Command {
    /// Write the pages into this directory; begin with `index.html`
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// Of the project, instead of the database
    #[arg(long)]
    declared: bool,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    connection: Connection,
}

impl Command {
    /// Writes the pages.
    pub async fn run(&self, output: &Output) -> Result<u8, Failure> {
        let site = self.site(output).await?;
        let (mut count, mut bytes) = (0, 0);
        for (name, text) in report::docs::files(&site) {
            write(&self.out.join(name), &text)?;
            count += 1;
            bytes += text.len();
        }
        let size = bytes.div_ceil(1 << 10);
        output.talk(&format!("wrote {count} files, {size} kB: open {}", self.out.join("index.html").display()));
        Ok(exit::OK)
    }

    async fn site(&self, output: &Output) -> Result<Site, Failure> {
        if self.declared {
            let state = self.files.read()?.state;
            return Ok(ops::docs::site("project", &state, &ops::access::declared(&state)));
        }
        let (project, problems) = settings_of(&std::env::current_dir().unwrap_or_default());
        problems.into_result(()).with(&project.sources)?;
        let session = self.connection.open(&project.settings, output).await.with(&project.sources)?;
        Ok(ops::docs::of_database(&session).await?)
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    let failed = |error: std::io::Error| {
        Diagnostic::new(Code::File, format!("can't write `{}`: {}", path.display(), io_text(&error)))
            .help("choose a directory you may write to")
    };
    std::fs::create_dir_all(path.parent().unwrap_or(path)).map_err(failed)?;
    std::fs::write(path, text).map_err(failed)?;
    Ok(())
}
