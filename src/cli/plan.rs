//! `dbstate plan`.

use clap::{Args, ValueEnum};

use super::connection::Connection;
use super::output::Output;
use super::scratch::Scratch;
use super::{Failure, Files, WithSources, exit};
use crate::declare::project::Project;
use crate::diagnostic::Result;
use crate::ops;
use crate::plan::Planned;
use crate::report;

/// How to print a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// Statements for psql
    Sql,
    /// For programs
    Json,
}

/// Flags of `dbstate plan`.
#[derive(Debug, Args)]
pub struct Command {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    connection: Connection,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Exit with 2 when something would change
    #[arg(long, visible_alias = "detailed-exitcode")]
    exit_code: bool,
    #[command(flatten)]
    scratch: Scratch,
    #[command(flatten)]
    manner: Manner,
}

/// Whether clients go on while statements run.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Manner {
    /// Take the plain form of every statement, in one transaction where possible, though clients may have to wait
    #[arg(long)]
    offline: bool,
}

impl Manner {
    /// True where clients go on.
    pub fn is_online(self) -> bool {
        !self.offline
    }
}

impl Command {
    /// Prints what would change.
    pub async fn run(&self, output: &Output) -> Result<u8, Failure> {
        let (project, planned) = planned(&self.files, &self.connection, &self.scratch, self.manner, output).await?;
        output.result(&print(&planned, &project, self.format, output));
        let differs = self.exit_code && !planned.plan.is_empty();
        Ok(if differs { exit::DIFFERENCES } else { exit::OK })
    }
}

/// Reads the project, connects and plans.
pub async fn planned(
    files: &Files,
    connection: &Connection,
    scratch: &Scratch,
    manner: Manner,
    output: &Output,
) -> Result<(Project, Planned), Failure> {
    let project = files.read()?;
    let sources = &project.sources;
    let mut options = files.options(&project).with(sources)?;
    options.scratch = scratch.place();
    options.online = manner.is_online();
    let session = connection.open(&project.settings, output).await.with(sources)?;
    let planned = ops::plan::plan(&session, &project.state, &options).await.with(sources)?;
    planned.warnings.iter().for_each(|w| output.warning(w));
    Ok((project, planned))
}

/// A plan in a format.
pub fn print(planned: &Planned, project: &Project, format: Format, output: &Output) -> String {
    match format {
        Format::Text => report::text::plan(planned, &project.sources, output.color),
        Format::Sql => report::sql::plan(&planned.plan),
        Format::Json => report::json::plan(planned, &project.sources),
    }
}
