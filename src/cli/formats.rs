//! `--format`: one list for `plan`, `drift` and `diff`, and one for what only reports.

use std::fs::OpenOptions;
use std::io::Write;

use clap::ValueEnum;

use super::Failure;
use super::output::Output;
use crate::diagnostic::{Code, Diagnostic, Result, Sources, io_text};
use crate::fleet::Fleet;
use crate::plan::Planned;
use crate::report::finding::{self, Finding, Form};
use crate::report::{fleet as report, json, markdown, sql, text};

/// How to print a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// Statements for psql
    Sql,
    /// For programs
    Json,
    /// For a comment under a pull request; appended to the file that `GITHUB_STEP_SUMMARY` names, too
    Markdown,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// A test report: what is to be decided fails
    Junit,
    /// Workflow commands of GitHub: annotations beside the lines
    Github,
    /// A code quality report of GitLab
    Gitlab,
}

/// How to print what is neither a plan nor a list of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Report {
    /// For people
    Text,
    /// For programs
    Json,
}

/// What a comparison is for: the same differences in other words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// What would change.
    Plan,
    /// Who changed what.
    Drift,
}

impl Format {
    /// The same as a form of findings, where it is one.
    fn form(self) -> Option<Form> {
        match self {
            Self::Text | Self::Sql | Self::Json | Self::Markdown => None,
            Self::Sarif => Some(Form::Sarif),
            Self::Junit => Some(Form::Junit),
            Self::Github => Some(Form::Github),
            Self::Gitlab => Some(Form::Gitlab),
        }
    }

    /// Prints a comparison in this format.
    pub fn show(self, planned: &Planned, sources: &Sources, purpose: Purpose, output: &Output) {
        let text = self.print(planned, sources, purpose, output);
        output.result(&text);
        if self == Self::Markdown {
            summarize(&text, output);
        }
    }

    /// Prints the comparison of several databases in this format.
    pub fn show_fleet(self, fleet: &Fleet, sources: &Sources, purpose: Purpose, output: &Output) {
        let one = |planned: &Planned| self.print(planned, sources, purpose, output);
        let sides = purpose == Purpose::Drift;
        let text = match self {
            Self::Text | Self::Sql => report::text(fleet, one, output.color),
            Self::Json => report::json(fleet, sources),
            Self::Markdown => markdown::fleet(fleet, sources, purpose.command(), sides),
            Self::Sarif | Self::Junit | Self::Github | Self::Gitlab => {
                let findings = report::findings(fleet, |planned| purpose.findings(planned, sources), sources);
                self.form().map(|form| finding::print(form, purpose.command(), &findings)).unwrap_or_default()
            }
        };
        output.result(&text);
        if self == Self::Markdown {
            summarize(&text, output);
        }
    }

    /// Refuses a format that has no way to tell several databases apart.
    pub fn takes_several(self) -> Result<()> {
        if self != Self::Sql {
            return Ok(());
        }
        let problem = Diagnostic::new(Code::Usage, "`--format sql` is for one database");
        Err(Box::new(problem.help("name one with `--database`; `--format json` has the statements for each")))
    }

    fn print(self, planned: &Planned, sources: &Sources, purpose: Purpose, output: &Output) -> String {
        match (self, purpose) {
            (Self::Text, Purpose::Plan) => text::plan(planned, sources, output.look()),
            (Self::Text, Purpose::Drift) => text::drift(planned, sources, output.look()),
            (Self::Sql, Purpose::Plan | Purpose::Drift) => sql::plan(&planned.plan),
            (Self::Json, Purpose::Plan | Purpose::Drift) => json::plan(planned, sources),
            (Self::Markdown, Purpose::Plan) => markdown::plan(planned, sources),
            (Self::Markdown, Purpose::Drift) => markdown::drift(planned, sources),
            (Self::Sarif | Self::Junit | Self::Github | Self::Gitlab, purpose) => {
                let findings = purpose.findings(planned, sources);
                self.form().map(|form| finding::print(form, purpose.command(), &findings)).unwrap_or_default()
            }
        }
    }

    /// The same result; where it failed and this is a form of findings, what was wrong is printed as such besides.
    pub fn tell<T>(self, result: Result<T, Failure>, purpose: Purpose, output: &Output) -> Result<T, Failure> {
        result.inspect_err(|failure| {
            if let Some(form) = self.form() {
                output.result(&finding::print(form, purpose.command(), &failure.findings()));
            }
        })
    }
}

/// What GitHub takes as the summary of one step, in bytes.
const SUMMARY: u64 = 1 << 20;

/// Appends Markdown to the summary of a step of a GitHub workflow, where this is one.
fn summarize(text: &str, output: &Output) {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else { return };
    let written = OpenOptions::new().append(true).create(true).open(path).and_then(|mut file| {
        let room = SUMMARY.saturating_sub(file.metadata()?.len());
        if room < text.len() as u64 {
            return Err(std::io::Error::other("it would be larger than the 1 MiB that GitHub takes"));
        }
        file.write_all(text.as_bytes())
    });
    if let Err(error) = written {
        output.warning(&format!("the summary that `GITHUB_STEP_SUMMARY` names was not written: {}", io_text(&error)));
    }
}

impl Purpose {
    /// What there is to tell of a comparison.
    fn findings(self, planned: &Planned, sources: &Sources) -> Vec<Finding> {
        match self {
            Self::Plan => finding::plan(planned, sources),
            Self::Drift => finding::drift(planned, sources),
        }
    }

    /// The command that is for it.
    fn command(self) -> &'static str {
        match self {
            Self::Plan => "dbstate plan",
            Self::Drift => "dbstate drift",
        }
    }
}

impl Failure {
    /// What was wrong, as findings.
    pub fn findings(&self) -> Vec<Finding> {
        finding::problems(&self.problems, &self.sources)
    }
}
