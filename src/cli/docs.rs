//! `dbstate docs`.

use std::path::PathBuf;

use clap::Args;

use super::connection::Connection;
use super::output::{Output, write_file};
use super::{Failure, Files, exit};
use crate::diagnostic::Result;
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
            write_file(&self.out.join(name), &text)?;
            count += 1;
            bytes += text.len();
        }
        let size = bytes.div_ceil(1 << 10);
        output.talk(&format!("wrote {count} files, {size} kB: open {}", self.out.join("index.html").display()));
        Ok(exit::OK)
    }

    async fn site(&self, output: &Output) -> Result<Site, Failure> {
        if self.declared {
            let state = self.files.read(self.connection.environment())?.state;
            return Ok(ops::docs::site("project", &state, &ops::access::declared(&state)));
        }
        let session = self.connection.here(output).await?;
        Ok(ops::docs::of_database(&session).await?)
    }
}
