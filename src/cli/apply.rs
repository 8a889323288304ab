//! `dbstate apply`.

use std::io::{BufRead, IsTerminal};

use clap::Args;

use super::connection::Connection;
use super::output::Output;
use super::plan::Scratch;
use super::{Failure, Files, WithSources, exit};
use crate::apply::Event;
use crate::declare::project::Project;
use crate::declare::settings::hazard_class;
use crate::diagnostic::{Code, Diagnostic, Result};
use crate::model::HazardClass;
use crate::ops::apply::{Choices, Outcome, Talk, apply};
use crate::plan::Planned;
use crate::report;

/// Flags of `dbstate apply`.
#[derive(Debug, Args)]
pub struct Command {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    connection: Connection,
    /// Apply without asking; hazards must be allowed
    #[arg(short, long, visible_alias = "auto-approve")]
    yes: bool,
    /// Hazard classes to allow: data, access, rewrite, block, breaking
    #[arg(long, value_name = "CLASS,…", value_delimiter = ',')]
    allow: Vec<String>,
    /// How long a statement waits for a lock
    #[arg(long, value_name = "TIME")]
    lock_timeout: Option<String>,
    /// How long a statement may run
    #[arg(long, value_name = "TIME")]
    statement_timeout: Option<String>,
    #[command(flatten)]
    scratch: Scratch,
}

impl Command {
    /// Plans, asks, applies and checks.
    pub async fn run(&self, output: &Output) -> Result<u8, Failure> {
        let project = self.files.read()?;
        let sources = &project.sources;
        let mut options = self.files.options(&project).with(sources)?;
        options.scratch = self.scratch.allowed();
        let choices = self.choices(&project).with(sources)?;
        if !self.yes && !std::io::stdin().is_terminal() {
            let problem = Diagnostic::new(Code::Usage, "nobody is there to confirm: standard input is no terminal");
            return Err(problem.help("give `--yes`").into());
        }
        let session = self.connection.open(&project.settings, output).await.with(sources)?;
        let mut talk = Terminal { output, project: &project, yes: self.yes };
        // At a terminal the plan with its hazards is shown, and `yes` allows them.
        let choices = if self.yes { choices } else { Choices { allow: HazardClass::ALL.to_vec(), ..choices } };
        let outcome = apply(&session, &project.state, &options, &choices, &mut talk).await.with(sources)?;
        Ok(match outcome {
            Outcome::Nothing(_) => {
                output.result("Nothing to do: the database is as declared.\n");
                exit::OK
            }
            Outcome::Done(planned) => {
                let [add, change, replace, drop] = planned.plan.counts();
                output
                    .result(&format!("Applied: {add} added, {change} changed, {replace} replaced, {drop} dropped.\n"));
                exit::OK
            }
            Outcome::Declined(_) => {
                output.talk("Not applied.");
                exit::FAILED
            }
        })
    }

    fn choices(&self, project: &Project) -> Result<Choices> {
        let mut choices = Choices { revision: revision(), ..Choices::default() };
        let timeout = self.lock_timeout.as_ref().or(project.settings.lock_timeout.as_ref());
        if let Some(timeout) = timeout {
            choices.run.lock_timeout.clone_from(timeout);
        }
        choices.run.statement_timeout = self.statement_timeout.clone().or(project.settings.statement_timeout.clone());
        for word in self.allow.iter().chain(&project.settings.allow) {
            choices.allow.push(hazard_class(word)?);
        }
        Ok(choices)
    }
}

/// The git revision of the working directory, where git knows one.
fn revision() -> Option<String> {
    let output = std::process::Command::new("git")
        .args(["rev-parse", "HEAD"])
        .stderr(std::process::Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}

struct Terminal<'a> {
    output: &'a Output,
    project: &'a Project,
    yes: bool,
}

impl Talk for Terminal<'_> {
    fn confirm(&mut self, planned: &Planned) -> bool {
        planned.warnings.iter().for_each(|w| self.output.warning(w));
        self.output.result(&report::text::plan(planned, &self.project.sources, self.output.color));
        if self.yes {
            return true;
        }
        self.output.talk("\nApply these changes? Only `yes` goes on:");
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer).is_ok() && answer.trim() == "yes"
    }

    fn progress(&mut self, event: Event<'_>) {
        if let Event::Begin(number, total, step) = event
            && self.output.verbose > 0
        {
            self.output.talk(&format!("[{number}/{total}] {}", step.text()));
        }
    }
}
