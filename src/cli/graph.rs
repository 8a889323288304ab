//! `dbstate graph`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use globset::{Glob, GlobMatcher};

use super::connection::Connection;
use super::output::{Output, write_file};
use super::plan::{Manner, read};
use super::scratch::Scratch;
use super::{Failure, Files, WithSources, exit};
use crate::diagnostic::{Code, Diagnostic, Result};
use crate::model::diagram::Diagram;
use crate::model::suggest::did_you_mean;
use crate::model::{Address, State};
use crate::ops;
use crate::ops::graph::{self, Choice};
use crate::report::graph::{dot, mermaid, svg};

/// What to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A picture for browsers and documents
    Svg,
    /// For Markdown on GitHub and GitLab
    Mermaid,
    /// For Graphviz
    Dot,
}

/// Flags of `dbstate graph`.
#[derive(Debug, Args)]
pub struct Command {
    /// What to write
    #[arg(long, value_enum, default_value = "svg")]
    format: Format,
    /// Write it to a file [default: to standard output]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The tables of the database, instead of those that the project declares; implied by `-d`
    #[arg(long)]
    live: bool,
    /// The statements of the plan, and which waits for which
    #[arg(long, conflicts_with_all = ["live", "schema", "table", "around"])]
    plan: bool,
    /// Only tables of this schema; may be given several times
    #[arg(long, value_name = "NAME", help_heading = "Which tables")]
    schema: Vec<String>,
    /// Only tables whose path is like this, as `shop.order*`; may be given several times
    #[arg(long, value_name = "GLOB", help_heading = "Which tables")]
    table: Vec<String>,
    /// Only this table and those near it
    #[arg(long, value_name = "TABLE", help_heading = "Which tables")]
    around: Option<String>,
    /// How many foreign keys away from it
    #[arg(long, value_name = "N", default_value_t = 1, requires = "around", help_heading = "Which tables")]
    depth: usize,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    scratch: Scratch,
    #[command(flatten)]
    manner: Manner,
}

impl Command {
    /// Writes the diagram.
    pub async fn run(&self, output: &Output) -> Result<u8, Failure> {
        let text = if self.plan {
            let (project, options) = read((&self.files, self.connection.environment()), &self.scratch, self.manner)?;
            let session = self.connection.open(&project.settings, output).await.with(&project.sources)?;
            let planned = ops::plan::plan(&session, &project.state, &options).await.with(&project.sources)?;
            planned.warnings.iter().for_each(|w| output.warning(w));
            self.statements(&graph::statements(&planned.plan))
        } else {
            let state = self.state(output).await?;
            self.tables(&graph::tables(&state, &self.choice(&state)?))
        };
        match &self.out {
            None => output.result(&text),
            Some(path) => {
                write_file(path, &text)?;
                output.wrote(&[path]);
            }
        }
        Ok(exit::OK)
    }

    fn tables(&self, diagram: &Diagram) -> String {
        match self.format {
            Format::Svg => svg::tables(diagram),
            Format::Mermaid => mermaid::tables(diagram),
            Format::Dot => dot::tables(diagram),
        }
    }

    fn statements(&self, diagram: &Diagram) -> String {
        match self.format {
            Format::Svg => svg::statements(diagram),
            Format::Mermaid => mermaid::statements(diagram),
            Format::Dot => dot::statements(diagram),
        }
    }

    async fn state(&self, output: &Output) -> Result<State, Failure> {
        if !self.live && !self.connection.is_named() {
            return Ok(self.files.read(self.connection.environment())?.state);
        }
        let session = self.connection.here(output).await?;
        Ok(graph::live(&session).await?)
    }

    fn choice(&self, state: &State) -> Result<Choice> {
        let glob = |text: &String| -> Result<GlobMatcher> {
            let broken = |error: globset::Error| {
                Diagnostic::new(Code::Usage, format!("`{text}` is no glob: {}", error.kind()))
                    .help("write a pattern such as `shop.*`")
            };
            Ok(Glob::new(text).map_err(broken)?.compile_matcher())
        };
        let tables = self.table.iter().map(glob).collect::<Result<_>>()?;
        let center = self.around.as_ref().map(|name| find(state, name)).transpose()?;
        let around = center.map(|at| (at, self.depth));
        Ok(Choice { schemas: self.schema.clone(), tables, around })
    }
}

/// The table of that name.
fn find(state: &State, name: &str) -> Result<Address> {
    let all = graph::boxes(state);
    if let Some(at) = all.iter().find(|at| at.path().join(".") == name) {
        return Ok((*at).clone());
    }
    let known: Vec<String> = all.iter().map(|at| at.path().join(".")).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    Err(Box::new(Diagnostic::new(Code::Usage, format!("there is no table `{name}`")).help(did_you_mean(name, &known))))
}
