//! `dbstate apply`.

use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use clap::Args;

use super::connection::Connection;
use super::fleet::{self, Several, wrong};
use super::output::Output;
use super::plan::{Manner, read, revision};
use super::scratch::Scratch;
use super::{Failure, Files, WithSources, exit};
use crate::apply::{Event, Progress};
use crate::declare::project::{self, Project};
use crate::declare::settings::hazard_class;
use crate::diagnostic::{Code, Diagnostic, Result};
use crate::model::{Address, HazardClass};
use crate::ops::apply::{Choices, Outcome, Talk, apply, apply_saved, pinpoint};
use crate::ops::{Options, saved};
use crate::plan::{PlanStep, Planned};
use crate::report;
use crate::saved::Saved;

/// Flags of `dbstate apply`.
#[derive(Debug, Args)]
pub struct Command {
    /// A plan saved by `dbstate plan --out FILE`: makes its changes and no others
    #[arg(value_name = "PLAN", conflicts_with_all = ["file", "manage", "var", "offline"])]
    plan: Option<PathBuf>,
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
    #[command(flatten)]
    manner: Manner,
    #[command(flatten)]
    several: Several,
    #[command(flatten)]
    rollout: fleet::Caution,
}

impl Command {
    /// Plans, asks, applies and checks.
    pub async fn run(&self, output: &Output) -> Result<u8, Failure> {
        let (saved, project, options) = self.read()?;
        let sources = &project.sources;
        let choices = self.choices(&project, saved.as_ref()).with(sources)?;
        if !self.yes && !std::io::stdin().is_terminal() {
            let problem = Diagnostic::new(Code::Usage, "nobody is there to confirm: standard input is no terminal");
            return Err(problem.help("give `--yes`").into());
        }
        if let Some(members) = self.several.members(&self.connection, &project.settings, output).await.with(sources)? {
            if saved.is_some() {
                return Err(wrong("a saved plan is for one database").into());
            }
            let how = (choices, self.yes, self.rollout);
            return Box::pin(fleet::apply(members, &project, &options, how, output)).await;
        }
        let session = self.connection.open(&project.settings, output).await.with(sources)?;
        let mut talk = Terminal { output, project: &project, yes: self.yes, current: None, next_line: FIRST_LINE };
        // At a terminal the plan with its hazards is shown, and `yes` allows them.
        let choices = if self.yes { choices } else { Choices { allow: HazardClass::ALL.to_vec(), ..choices } };
        let outcome = match &saved {
            Some(saved) => apply_saved(&session, saved, &project, &options, &choices, &mut talk).await,
            None => apply(&session, &project.state, &options, &choices, &mut talk).await,
        };
        output.progress(None);
        let outcome = outcome.map_err(|problems| pinpoint(problems, talk.current.as_ref(), &project)).with(sources)?;
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
                if output.is_interrupted() { exit::INTERRUPTED } else { exit::FAILED }
            }
        })
    }

    /// The project with its options: as it is now, or as a saved plan has it.
    fn read(&self) -> Result<(Option<Saved>, Project, Options), Failure> {
        let Some(path) = &self.plan else {
            let (project, options) = read((&self.files, self.connection.environment()), &self.scratch, self.manner)?;
            return Ok((None, project, options));
        };
        let saved = saved::read(path)?;
        let here = std::env::current_dir().unwrap_or_default();
        let (settings, problems) = project::settings_of(&here);
        if !problems.is_empty() {
            return Err(Failure { problems, sources: settings.sources });
        }
        let (mut project, options) = saved::open(&saved, &here, self.scratch.place());
        let options = options.with(&project.sources)?;
        // Where the database is, how long to wait and what is allowed is said here and now.
        project.settings = settings.settings;
        Ok((Some(saved), project, options))
    }

    fn choices(&self, project: &Project, saved: Option<&Saved>) -> Result<Choices> {
        let revision = saved.map_or_else(revision, |saved| saved.project.revision.clone());
        let mut choices = Choices { revision, ..Choices::default() };
        let timeout = self.lock_timeout.as_ref().or(project.settings.lock_timeout.as_ref());
        if let Some(timeout) = timeout {
            choices.run.lock_timeout.clone_from(timeout);
        }
        choices.run.statement_timeout = self.statement_timeout.clone().or(project.settings.statement_timeout.clone());
        let there = self.connection.allowed(&project.settings);
        for word in self.allow.iter().chain(&project.settings.allow).chain(there) {
            choices.allow.push(hazard_class(word)?);
        }
        Ok(choices)
    }
}

struct Terminal<'a> {
    output: &'a Output,
    project: &'a Project,
    yes: bool,
    /// The object whose statement runs.
    current: Option<Address>,
    /// When a line is to say how far it is, where there is no terminal.
    next_line: Duration,
}

/// How long a statement runs before a line says so.
const FIRST_LINE: Duration = Duration::from_secs(2);

impl Terminal<'_> {
    /// A bar on a terminal; elsewhere a line, each after twice the time of the one before.
    fn goes_on(&mut self, step: &PlanStep, progress: &Progress) {
        if self.output.is_live() {
            self.output.progress(Some(&super::output::bar(progress)));
        } else if progress.elapsed >= self.next_line {
            self.next_line = progress.elapsed * 2;
            let first = step.text().lines().next().unwrap_or_default();
            self.output.talk(&format!("{first}: {}", super::output::words(progress)));
        }
    }
}

/// Asks, and is true where the answer is `yes`; an interrupt is none.
pub fn confirmed(question: &str, output: &Output) -> bool {
    output.ask(&format!("\n{question} Only `yes` goes on: "));
    let (send, line) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut answer = String::new();
        let read = std::io::stdin().lock().read_line(&mut answer);
        send.send(read.map(|_| answer).unwrap_or_default())
    });
    loop {
        match line.recv_timeout(Duration::from_millis(50)) {
            Ok(answer) => return answer.trim() == "yes",
            Err(RecvTimeoutError::Timeout) if !output.is_interrupted() => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return false,
        }
    }
}

impl Talk for Terminal<'_> {
    fn confirm(&mut self, planned: &Planned) -> bool {
        planned.warnings.iter().for_each(|w| self.output.warning(w));
        self.output.result(&report::text::plan(planned, &self.project.sources, self.output.look()));
        if self.yes {
            return true;
        }
        confirmed("Apply these changes?", self.output)
    }

    fn warning(&mut self, text: &str) {
        self.output.warning(text);
    }

    fn goes_on(&self) -> bool {
        !self.output.is_interrupted()
    }

    fn progress(&mut self, event: Event<'_>) {
        match event {
            Event::Begin(number, total, step) => {
                self.current = Some(step.at.clone());
                self.next_line = FIRST_LINE;
                let line = format!("[{number}/{total}] {}", step.text());
                if self.output.verbose > 0 {
                    self.output.talk(&line);
                } else {
                    self.output.progress(line.lines().next());
                }
            }
            Event::Unnoted(_) => {}
            Event::Progress(step, progress) => self.goes_on(step, progress),
            Event::Waits(what) => self.output.talk(what),
            Event::Again(number, pause) => {
                let seconds = pause.as_secs_f64();
                self.output.talk(&format!("a lock is not to be had; try {number} in {seconds:.1} s"));
            }
            Event::Done(_, took) => {
                self.output.progress(None);
                if self.output.verbose > 1 {
                    self.output.talk(&format!("        done in {:.3} s", took.as_secs_f64()));
                }
            }
        }
    }
}
