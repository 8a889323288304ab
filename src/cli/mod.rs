//! The command line: one file a command.

mod access;
mod apply;
mod begin;
mod completions;
mod connection;
mod diff;
mod docs;
mod drift;
mod examples;
mod explain;
mod fleet;
mod format;
mod formats;
mod graph;
mod history;
mod init;
mod local;
mod lsp;
mod man;
mod output;
mod plan;
mod pull;
mod schema;
mod scratch;
mod validate;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use futures_util::future::join_all;

use crate::declare::project::{self, Found, Project, Reading, Settings};
use crate::declare::variables;
use crate::diagnostic::{Diagnostics, Result, Sources, io_text};
use crate::model::Manage;
use crate::session::Canceller;
use crate::{kinds, ops};
use output::Output;

/// The exit codes.
pub mod exit {
    /// Nothing to do, or done.
    pub const OK: u8 = 0;
    /// It failed.
    pub const FAILED: u8 = 1;
    /// There are differences.
    pub const DIFFERENCES: u8 = 2;
    /// A guard refused.
    pub const REFUSED: u8 = 3;
    /// Interrupted.
    pub const INTERRUPTED: u8 = 130;
}

/// Declarative desired state for PostgreSQL: YAML in git, a plan in the pull request, an idempotent apply on deploy.
#[derive(Debug, Parser)]
#[command(name = "dbstate", version, disable_help_flag = true, disable_help_subcommand = true, max_term_width = 100, after_help = examples::ALL)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
struct Global {
    /// Print help
    #[arg(long, global = true, action = ArgAction::Help, help_heading = "Global options")]
    help: Option<bool>,
    /// Print more: once for progress, twice for every statement
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Global options")]
    verbose: u8,
    /// Print only results and errors
    #[arg(short, long, global = true, help_heading = "Global options")]
    quiet: bool,
    /// Disable colour
    #[arg(long, global = true, help_heading = "Global options")]
    no_color: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a project in this directory
    #[command(after_help = examples::INIT)]
    Init(init::Command),
    /// Check the files without a database, and report every problem at once
    #[command(after_help = examples::VALIDATE)]
    Validate(validate::Command),
    /// Rewrite the files in the canonical layout, and keep every comment
    #[command(after_help = examples::FMT)]
    Fmt(format::Command),
    /// Show what would change
    #[command(after_help = examples::PLAN)]
    Plan(plan::Command),
    /// Make the database match the project
    #[command(after_help = examples::APPLY)]
    Apply(apply::Command),
    /// Show how the database and the YAML differ, and which side moved; exits with 2 if they do
    #[command(after_help = examples::DRIFT)]
    Drift(drift::Command),
    /// Compare two projects, git revisions or databases
    #[command(after_help = examples::DIFF)]
    Diff(diff::Command),
    /// Write an existing database as YAML
    #[command(after_help = examples::PULL)]
    Pull(pull::Command),
    /// Show what a role may do, or who may do what with an object, and why
    #[command(after_help = examples::ACCESS)]
    Access(access::Command),
    /// Draw the tables of a project or a database, or the statements of a plan
    #[command(after_help = examples::GRAPH)]
    Graph(graph::Command),
    /// Write a static site about a database: schemas, tables, diagrams, privileges
    #[command(after_help = examples::DOCS)]
    Docs(docs::Command),
    /// Show what was applied to a database, by whom and from which revision
    #[command(after_help = examples::HISTORY)]
    History(history::Command),
    /// Run the embedded PostgreSQL: a private server under `.dbstate/`
    #[command(after_help = examples::LOCAL)]
    Local(local::Command),
    /// Print the JSON Schema of the YAML, for editors
    #[command(after_help = examples::SCHEMA)]
    Schema(schema::Command),
    /// Explain an error code or a class of hazard
    #[command(after_help = examples::EXPLAIN)]
    Explain(explain::Command),
    /// Run the language server: mistakes as you type, definitions, renames
    #[command(after_help = examples::LSP)]
    Lsp(lsp::Command),
    /// Write the man pages of all commands
    #[command(after_help = examples::MAN)]
    Man(man::Command),
    /// Print the script that lets a shell complete commands and flags
    #[command(after_help = examples::COMPLETIONS)]
    Completions(completions::Command),
}

/// Which files make the project.
#[derive(Debug, Clone, Args)]
struct Files {
    /// A YAML file or a directory of them; may be repeated [default: what `dbstate.yaml` lists, else
    /// `schema.yaml` and `roles.yaml`]
    #[arg(short, long = "file", value_name = "FILE|DIR", help_heading = "Project")]
    file: Vec<PathBuf>,
    /// What is managed: every object inside a declared schema, or everything in the database
    #[arg(long, value_enum, help_heading = "Project")]
    manage: Option<ManageFlag>,
    #[command(flatten)]
    variables: Variables,
}

/// Values of variables.
#[derive(Debug, Clone, Args)]
struct Variables {
    /// A value for `${NAME}` in the files, which goes before those of `dbstate.yaml`; may be repeated
    #[arg(id = "var", long, value_name = "NAME=VALUE", value_parser = assignment, help_heading = "Project")]
    given: Vec<(String, String)>,
}

/// Reads `NAME=VALUE`.
fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write `NAME=VALUE`")?;
    if !variables::is_name(name) {
        return Err(format!("`{name}` can't be the name of a variable"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum ManageFlag {
    /// Every object inside a declared schema
    Schemas,
    /// Everything in the database
    Database,
}

impl From<ManageFlag> for Manage {
    fn from(flag: ManageFlag) -> Self {
        match flag {
            ManageFlag::Schemas => Self::Schemas,
            ManageFlag::Database => Self::Database,
        }
    }
}

impl Files {
    /// Reads the project as it is in an environment; problems come with the sources that show them.
    fn read(&self, environment: Option<&str>) -> Result<Project, Failure> {
        read(self.find(environment))
    }

    /// Finds the files, and reads the settings.
    fn find(&self, environment: Option<&str>) -> Found {
        project::locate(&self.file, &here(), &self.reading(environment))
    }

    fn reading(&self, environment: Option<&str>) -> Reading {
        self.variables.reading(self.manage, environment)
    }

    fn options(&self, settings: &Settings) -> Result<ops::Options> {
        ops::Options::new(settings, self.manage.map(Into::into))
    }
}

impl Variables {
    fn reading(&self, manage: Option<ManageFlag>, environment: Option<&str>) -> Reading {
        let environment = environment.map(str::to_owned);
        Reading { manage: manage.map(Into::into), environment, variables: self.given.clone() }
    }
}

/// Reads the files of a project; problems come with the sources that show them.
fn read(found: Found) -> Result<Project, Failure> {
    let (mut project, problems) = found.read(kinds::register());
    project.sources.lie_in(prefix(&here()));
    if problems.is_empty() { Ok(project) } else { Err(Failure { problems, sources: project.sources }) }
}

/// The working directory.
fn here() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}

/// Where a directory is in its repository.
fn prefix(directory: &Path) -> &Path {
    let root = directory.ancestors().find(|d| d.join(".git").exists());
    root.and_then(|root| directory.strip_prefix(root).ok()).unwrap_or(Path::new(""))
}

/// Why a command failed, and the texts that its problems point into.
struct Failure {
    problems: Diagnostics,
    sources: Sources,
}

impl<E: Into<Diagnostics>> From<E> for Failure {
    fn from(problems: E) -> Self {
        Self { problems: problems.into(), sources: Sources::default() }
    }
}

/// Keeps the sources with the problems.
trait WithSources<T> {
    /// The same result, whose problems can be shown in place.
    fn with(self, sources: &Sources) -> Result<T, Failure>;
}

impl<T, E: Into<Diagnostics>> WithSources<T> for Result<T, E> {
    fn with(self, sources: &Sources) -> Result<T, Failure> {
        self.map_err(|e| Failure { problems: e.into(), sources: sources.clone() })
    }
}

/// Parses, runs and returns the exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> u8 {
    let matches = match Cli::command().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => {
            // A closed pipe is no reason to fail louder.
            let _ = error.print();
            if error.kind() == clap::error::ErrorKind::UnknownArgument && error.to_string().contains("'-h'") {
                let _ = writeln!(std::io::stderr(), "\n  note: help is `--help`; `-h` is the host, as in psql");
            }
            return if error.use_stderr() { exit::FAILED } else { exit::OK };
        }
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let output = Output::new(&cli.global);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output.error(&format!("no runtime: {error}"));
            return exit::FAILED;
        }
    };
    let result = runtime.block_on(run(cli.command, &output));
    // Nobody waits for a project that is still being read although it turned out that it need not be.
    runtime.shutdown_background();
    match result {
        Ok(code) => written(&output, code),
        Err(failure) => {
            output.problems(&failure.problems, &failure.sources);
            let refused = failure.problems.iter().all(|d| d.problem.code.is_refusal());
            if refused { exit::REFUSED } else { exit::FAILED }
        }
    }
}

/// The exit code; that of a failure where a result did not arrive.
fn written(output: &Output, code: u8) -> u8 {
    let Some(error) = output.lost() else { return code };
    output.error(&format!("standard output can't be written: {}", io_text(&error)));
    exit::FAILED
}

/// How long the server may take to roll back after an interrupt.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the command; an interrupt cancels its statement on the server and lets it roll back.
async fn run(command: Command, output: &Output) -> Result<u8, Failure> {
    let mut command = std::pin::pin!(command.run(output));
    tokio::select! {
        biased;
        result = &mut command => {
            output.progress(None);
            return result;
        }
        () = interrupted(output) => {}
    }
    output.progress(None);
    output.talk("interrupted: the statement is cancelled");
    let running = output.watched();
    if !running.is_empty() {
        // Where no cancel gets through, closing the connection has the same effect later.
        let cancelled = async {
            join_all(running.iter().map(Canceller::cancel)).await;
            let _ = command.await;
        };
        let _ = tokio::time::timeout(PATIENCE, cancelled).await;
    }
    Ok(exit::INTERRUPTED)
}

/// Ends once somebody interrupts the program.
async fn interrupted(output: &Output) {
    while !output.is_interrupted() {
        tokio::time::sleep(Duration::from_millis(50)).await;
        output.tick();
    }
}

impl Command {
    async fn run(self, output: &Output) -> Result<u8, Failure> {
        match self {
            Self::Init(command) => command.run(output),
            Self::Validate(command) => command.run(output),
            Self::Fmt(command) => command.run(output),
            Self::Plan(command) => Box::pin(command.run(output)).await,
            Self::Apply(command) => Box::pin(command.run(output)).await,
            Self::Drift(command) => Box::pin(command.run(output)).await,
            Self::Diff(command) => Box::pin(command.run(output)).await,
            Self::Pull(command) => command.run(output).await,
            Self::Access(command) => command.run(output).await,
            Self::Graph(command) => Box::pin(command.run(output)).await,
            Self::Docs(command) => command.run(output).await,
            Self::History(command) => command.run(output).await,
            Self::Local(command) => command.run(output).await,
            Self::Lsp(command) => Box::pin(command.run(output)).await,
            Self::Man(command) => command.run(output),
            Self::Schema(command) => Ok(command.run(output)),
            Self::Explain(command) => command.run(output),
            Self::Completions(command) => Ok(command.run(output)),
        }
    }
}
