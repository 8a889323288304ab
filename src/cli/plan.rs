//! `dbstate plan`.

use std::path::PathBuf;

use clap::Args;

use super::begin::{Begin, Databases};
use super::connection::Connection;
use super::fleet::{self, Several, wrong};
use super::formats::{Format, Purpose};
use super::output::Output;
use super::scratch::Scratch;
use super::{Failure, Files, WithSources, exit};
use crate::declare::imprint::Imprint;
use crate::declare::project::Project;
use crate::diagnostic::Result;
use crate::ops::plan::Ahead;
use crate::plan::Planned;
use crate::session::Session;
use crate::{kinds, ops};

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
    /// Save the plan to a file, for `dbstate apply FILE`
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Show who holds locks on what would change, and for how long
    #[arg(long)]
    activity: bool,
    /// Exit with 2 if anything would change
    #[arg(long, visible_alias = "detailed-exitcode")]
    exit_code: bool,
    #[command(flatten)]
    scratch: Scratch,
    #[command(flatten)]
    manner: Manner,
    #[command(flatten)]
    several: Several,
}

/// Whether clients go on while statements run.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Manner {
    /// Use the plain form of every statement, in one transaction where possible, even if clients must wait
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
        let begin = Begin {
            files: &self.files,
            scratch: &self.scratch,
            manner: self.manner,
            connection: &self.connection,
            // What a saved plan stands on is read.
            recalls: self.out.is_none(),
        };
        let begun = begin.both(self.several, output).await;
        let (project, options, databases) = self.format.tell(begun, Purpose::Plan, output)?;
        let (session, ahead) = match databases {
            Databases::One(one) => *one,
            Databases::Several(_) if self.out.is_some() || self.activity => {
                return Err(wrong("`--out` and `--activity` are for one database").into());
            }
            Databases::Several(members) => {
                let how = (self.format, Purpose::Plan);
                let (code, differs) = fleet::compare(members, &project, &options, how, output).await?;
                return Ok(if code == exit::OK && differs && self.exit_code { exit::DIFFERENCES } else { code });
            }
        };
        let made = planned(project, options, session, ahead, output).await;
        let mut made = self.format.tell(made, Purpose::Plan, output)?;
        if self.activity {
            made.planned.watch(&made.session).await.with(&made.project.sources)?;
        }
        if matches!(self.format, Format::Sql) {
            ops::plan::actors(&made.session, &mut made.planned).await;
        }
        let Made { project, options, session, planned } = &made;
        self.format.show(planned, &project.sources, Purpose::Plan, output);
        if let Some(path) = &self.out {
            let saved = ops::saved::save(session, planned, project, options, revision(), path).await;
            saved.with(&project.sources)?;
            output.talk(&format!("saved: `dbstate apply {}` makes these changes and no others", path.display()));
        }
        let differs = self.exit_code && !planned.plan.is_empty();
        // The program ends here: giving back the memory of a large database piece by piece would take longer than the plan's text.
        let Made { project, planned, .. } = made;
        std::mem::forget((project, planned));
        Ok(if differs { exit::DIFFERENCES } else { exit::OK })
    }
}

/// A plan, and what it was made with.
pub struct Made {
    /// The project, without its state.
    pub project: Project,
    /// How it was read and compared.
    pub options: ops::Options,
    /// The session with the database.
    pub session: Session,
    /// The plan.
    pub planned: Planned,
}

/// Reads the project, and how it is to be compared.
pub fn read(
    (files, environment): (&Files, Option<&str>),
    scratch: &Scratch,
    manner: Manner,
) -> Result<(Project, ops::Options), Failure> {
    let project = files.read(environment)?;
    let mut options = options(files, &project, scratch, manner)?;
    recall(&project, &mut options);
    Ok((project, options))
}

/// How a project is to be compared.
pub fn options(files: &Files, project: &Project, scratch: &Scratch, manner: Manner) -> Result<ops::Options, Failure> {
    let mut options = files.options(&project.settings).with(&project.sources)?;
    options.scratch = scratch.place();
    options.online = manner.is_online();
    Ok(options)
}

/// Lets the ledger, if it may be used, recognise the project.
pub fn recall(project: &Project, options: &mut ops::Options) {
    if options.ledger {
        options.project = Imprint::of(project, options.manage, kinds::register());
    }
}

/// Plans.
pub async fn planned(
    mut project: Project,
    options: ops::Options,
    session: Session,
    ahead: Ahead,
    output: &Output,
) -> Result<Made, Failure> {
    let declared = std::mem::take(&mut project.state);
    let planned = Box::pin(ops::plan::plan_from(ahead, &session, declared, &options)).await.with(&project.sources)?;
    planned.warnings.iter().for_each(|w| output.warning(w));
    Ok(Made { project, options, session, planned })
}

/// The git revision of the working directory, where git knows one.
pub fn revision() -> Option<String> {
    let output = std::process::Command::new("git")
        .args(["rev-parse", "HEAD"])
        .stderr(std::process::Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
