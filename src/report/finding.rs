//! Findings: what there is to report at a line of YAML, and a file for each output format.

mod github;
mod gitlab;
mod json;
mod junit;
mod sarif;

use std::collections::HashMap;

use serde::Serialize;

use super::since;
use super::text::{head, lock, risk};
use crate::diagnostic::{Diagnostic, Diagnostics, Sources, Span};
use crate::model::{Hazard, Lock, Moved, digest};
use crate::plan::{Change, PlanStep, Planned, Verb};

/// The rule of findings about changes that a plan makes.
pub const CHANGE: &str = "change";

/// The rule of findings about differences between the YAML and the database.
pub const DRIFT: &str = "drift";

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Something is wrong.
    Error,
    /// Somebody has to decide.
    Warning,
    /// Something is worth knowing.
    Note,
}

/// A place in a file. Lines and columns are counted from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file's path from the root of the repository, with `/`.
    pub file: String,
    /// The first line.
    pub line: usize,
    /// The first column, in the first line.
    pub column: usize,
    /// The last line.
    pub end_line: usize,
    /// The column after the last one, in the last line.
    pub end_column: usize,
}

/// Something to report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The name of the rule, which `dbstate explain` knows.
    pub rule: &'static str,
    /// The severity.
    pub level: Level,
    /// The object that it is about; the message if there is none.
    pub subject: String,
    /// What there is to report.
    pub message: String,
    /// How to solve it.
    pub help: Option<String>,
    /// The place, if there is one.
    pub place: Option<Place>,
    /// Related places, each with its text.
    pub related: Vec<(Place, String)>,
}

impl Finding {
    /// Returns the message, with the help on a line of its own.
    fn text(&self) -> String {
        let help = self.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        format!("{}{help}", self.message)
    }

    /// Returns the place, for formats that require one: without one it is the first line of the project.
    fn place_or_project(&self) -> Place {
        let first = || Place { file: "dbstate.yaml".to_owned(), line: 1, column: 1, end_line: 1, end_column: 1 };
        self.place.clone().unwrap_or_else(first)
    }
}

/// The output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// JSON.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// `JUnit`, with a failed test for each finding.
    Junit,
    /// GitHub's workflow commands: annotations of a pull request.
    Github,
    /// GitLab's code quality report.
    Gitlab,
}

/// Returns what a command found, as text.
pub fn print(form: Form, command: &str, findings: &[Finding]) -> String {
    match form {
        Form::Json => json::print(findings),
        Form::Sarif => sarif::print(findings),
        Form::Junit => junit::print(command, findings),
        Form::Github => github::print(findings),
        Form::Gitlab => gitlab::print(findings),
    }
}

/// Returns the findings for the problems of a project.
pub fn problems(problems: &Diagnostics, sources: &Sources) -> Vec<Finding> {
    problems.iter().map(|problem| from_diagnostic(problem, sources)).collect()
}

fn from_diagnostic(diagnostic: &Diagnostic, sources: &Sources) -> Finding {
    let problem = &diagnostic.problem;
    let mut labels = diagnostic.labels.iter();
    Finding {
        rule: problem.code.as_str(),
        level: Level::Error,
        subject: problem.message.clone(),
        message: problem.message.clone(),
        help: problem.help.clone(),
        place: labels.next().map(|label| place(label.span, sources)),
        related: labels.map(|label| (place(label.span, sources), label.text.clone())).collect(),
    }
}

/// Returns the hazards of a plan, then its changes.
pub fn plan(planned: &Planned, sources: &Sources) -> Vec<Finding> {
    let hazards = planned.plan.hazards().map(|(step, hazard)| from_hazard(step, hazard, sources));
    let changes = planned.plan.changes.iter().map(|change| {
        let why = change.why.as_ref().map(|why| format!(", because {why}")).unwrap_or_default();
        let message = format!("{}{why}{}", deed(change), lines(planned, change));
        from_change(change, message, sources)
    });
    hazards.chain(changes).collect()
}

fn from_hazard(step: &PlanStep, hazard: &Hazard, sources: &Sources) -> Finding {
    let lock = if step.lock == Lock::None { String::new() } else { format!("; lock: {}", lock(step.lock)) };
    let class = hazard.class.as_str();
    Finding {
        rule: class,
        level: Level::Warning,
        subject: step.at.to_string(),
        message: format!("{}{lock}", risk(step, hazard)),
        help: Some(format!("`--allow {class}` applies it without being asked; `dbstate explain {class}` says more")),
        place: step.origin.map(|span| place(span, sources)),
        related: Vec::new(),
    }
}

fn from_change(change: &Change, message: String, sources: &Sources) -> Finding {
    Finding {
        rule: CHANGE,
        level: Level::Note,
        subject: change.at.to_string(),
        message,
        help: None,
        place: change.origin.map(|span| place(span, sources)),
        related: Vec::new(),
    }
}

/// Describes what a plan does to an object.
fn deed(change: &Change) -> String {
    let verb = match change.verb {
        Verb::Create => "creates",
        Verb::Alter => "changes",
        Verb::Rename => "renames",
        Verb::Replace => "replaces",
        Verb::Drop => "drops",
    };
    format!("{verb} {}", head(change))
}

/// Returns the lines in which an object differs, each after a line break.
fn lines(planned: &Planned, change: &Change) -> String {
    if !matches!(change.verb, Verb::Alter | Verb::Replace) {
        return String::new();
    }
    let differing = planned.lines(change).iter().filter(|(sign, _)| *sign != ' ');
    differing.map(|(sign, line)| format!("\n{sign} {}", line.trim())).collect()
}

/// Returns the differences between YAML and database: a warning if only the YAML moved, else an error.
pub fn drift(planned: &Planned, sources: &Sources) -> Vec<Finding> {
    let finding = |change: &Change| {
        let side = since::side(planned, &change.at).map(|side| format!(": {side}")).unwrap_or_default();
        let message = format!("{}{side}{}", since::difference(change), lines(planned, change));
        let moved = planned.moved.get(&change.at);
        let stamp = planned.since.get(&change.at).map(|stamp| format!("{}; ", since::stamp(stamp))).unwrap_or_default();
        let cure = "`dbstate apply` makes it as declared, `dbstate drift --adopt` has the YAML say what it is";
        Finding {
            rule: DRIFT,
            level: if moved == Some(&Moved::Project) { Level::Warning } else { Level::Error },
            help: Some(format!("{stamp}{cure}")),
            ..from_change(change, message, sources)
        }
    };
    planned.plan.changes.iter().map(finding).collect()
}

fn place(span: Span, sources: &Sources) -> Place {
    let (line, column) = sources.line_column(span);
    let (end_line, end_column) = sources.line_column(Span { start: span.end.max(span.start), ..span });
    Place { file: sources.name_in_repository(span.file), line, column, end_line, end_column }
}

/// Returns an identifier for each finding that stays the same when lines move: a digest of the rule, the file, the
/// subject and the message.
fn fingerprints(findings: &[Finding]) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let fingerprint = |finding: &Finding| {
        let file = finding.place.as_ref().map_or("", |place| &place.file);
        let first = finding.message.lines().next().unwrap_or_default();
        let text = [finding.rule, file, &finding.subject, first].join("\n");
        let count = seen.entry(text.clone()).and_modify(|count| *count += 1).or_default();
        digest::text(&format!("{text}\n{count}"))
    };
    findings.iter().map(fingerprint).collect()
}
