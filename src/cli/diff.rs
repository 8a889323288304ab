//! `dbstate diff`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};

use super::connection::Connection;
use super::formats::{Format, Purpose};
use super::output::Output;
use super::scratch::Scratch;
use super::{Failure, ManageFlag, Variables, WithSources, exit, prefix};
use crate::declare::project::{self, Project, Settings};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Result};
use crate::model::Manage;
use crate::ops::diff::{Side, diff};
use crate::ops::{Options, revision};
use crate::session::Session;
use crate::{kinds, ops, saved};

/// Flags of `dbstate diff`.
#[derive(Debug, Args)]
pub struct Command {
    /// What is: a file or directory of YAML, a saved plan, a git revision, or a database as a URL or `local/NAME`; `A..B`
    /// is both
    #[arg(value_name = "A", value_hint = ValueHint::AnyPath)]
    from: String,
    /// What it would become [default: the project of this directory]
    #[arg(value_name = "B", value_hint = ValueHint::AnyPath)]
    to: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Exit with 2 when they differ
    #[arg(long, visible_alias = "detailed-exitcode")]
    exit_code: bool,
    /// How much is compared: every object inside a schema that the project declares, or everything
    #[arg(long, value_enum)]
    manage: Option<ManageFlag>,
    /// The environment of `dbstate.yaml` whose variables are used
    #[arg(long, value_name = "NAME", help_heading = "Project")]
    env: Option<String>,
    #[command(flatten)]
    variables: Variables,
    #[command(flatten)]
    scratch: Scratch,
}

/// One side, read or connected.
enum Opened {
    Project(Box<Project>),
    Database(Box<Session>),
}

impl Opened {
    fn side(&self) -> Side<'_> {
        match self {
            Self::Project(project) => Side::Project(project),
            Self::Database(session) => Side::Database(session),
        }
    }
}

impl Command {
    /// Prints what leads from A to B.
    pub async fn run(&self, output: &Output) -> Result<u8, Failure> {
        let here = std::env::current_dir().unwrap_or_default();
        let (from, to) = match (self.from.split_once(".."), &self.to) {
            (Some((from, to)), None) if !here.join(&self.from).exists() && !self.from.contains("://") => {
                (from, Some(to))
            }
            (_, to) => (self.from.as_str(), to.as_deref()),
        };
        let from = self.open(from, &here, output).await?;
        let to = match to {
            Some(to) => self.open(to, &here, output).await?,
            None => self.project(&[], &here, &here)?,
        };
        let nothing = Project::default();
        let shown = [&to, &from].into_iter().find_map(|side| match side {
            Opened::Project(project) => Some(&**project),
            Opened::Database(_) => None,
        });
        let shown = shown.unwrap_or(&nothing);
        let mut options = Options::new(&shown.settings, self.manage.map(Manage::from)).with(&shown.sources)?;
        options.scratch = self.scratch.place();
        let planned = diff(from.side(), to.side(), &options).await.with(&shown.sources)?;
        planned.warnings.iter().for_each(|w| output.talk(&format!("note: {w}")));
        if planned.plan.is_empty() && self.format == Format::Text {
            output.result("No differences.\n");
        } else {
            self.format.show(&planned, &shown.sources, Purpose::Plan, output);
        }
        let differs = self.exit_code && !planned.plan.is_empty();
        Ok(if differs { exit::DIFFERENCES } else { exit::OK })
    }

    /// A side by its name: what is there as a file, what git knows, else a database.
    async fn open(&self, name: &str, here: &Path, output: &Output) -> Result<Opened, Failure> {
        let path = PathBuf::from(name);
        if name.is_empty() {
            let message = "a side of the comparison is empty";
            return Err(Diagnostic::new(Code::Usage, message).help("write `dbstate diff main..HEAD`").into());
        }
        if path.exists() {
            return if path.is_dir() && project::is_here(&path) {
                self.project(&[], &path, &here.join(&path))
            } else if saved::is_one(&path) {
                read(ops::saved::project(&path, here)?, here)
            } else {
                self.project(&[path], here, here)
            };
        }
        let root = project::root(here);
        if !name.contains([':', '=']) && revision::is_known(&root, name) {
            let files = revision::files(&root, name)?;
            return self.project(&[], files.path(), &root);
        }
        let session = Connection::to(name).open(&Settings::default(), output).await;
        let session = session.map_err(|problem| named(name, &root, problem))?;
        Ok(Opened::Database(Box::new(session)))
    }

    /// A project of `directory`, which is shown as if it were at `place`.
    fn project(&self, files: &[PathBuf], directory: &Path, place: &Path) -> Result<Opened, Failure> {
        let reading = self.variables.reading(self.manage, self.env.as_deref());
        read(project::read(files, directory, &reading, kinds::register()), place)
    }
}

/// A project that was read, which is shown as if it were at `place`.
fn read((mut project, problems): (Project, Diagnostics), place: &Path) -> Result<Opened, Failure> {
    project.sources.lie_in(prefix(place));
    if problems.is_empty() {
        Ok(Opened::Project(Box::new(project)))
    } else {
        Err(Failure { problems, sources: project.sources })
    }
}

/// The same problem, which says what else a plain name was looked for as.
fn named(name: &str, root: &Path, problem: Box<Diagnostic>) -> Box<Diagnostic> {
    if problem.problem.code != Code::Connection || name.contains([':', '=']) || name.starts_with("local") {
        return problem;
    }
    let message = format!(
        "`{name}` is no file, no directory, no revision of git in `{}`, and as a database: {}",
        root.display(),
        problem.problem.message
    );
    let help = "name a file, a directory, a saved plan, a revision of this repository, or a database as a URL";
    Box::new(Diagnostic::new(Code::Connection, message).help(help))
}
