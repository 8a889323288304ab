//! `apply`: plans under a lock, asks, runs the plan, and compares again.

use std::collections::HashSet;
use std::time::Instant;

use super::Options;
use super::plan::{Purpose, compare, plan};
use super::saved::restore;
use crate::apply::{self, Again, Event};
use crate::declare::imprint::Imprint;
use crate::declare::pinpoint;
use crate::declare::project::Project;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Result};
use crate::kind::find;
use crate::model::{Address, HazardClass, State};
use crate::plan::{Plan, PlanStep, Planned, Verb};
use crate::saved::Saved;
use crate::session::Session;
use crate::{kinds, ledger, scratch};

/// How to apply a plan.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// Timeouts.
    pub run: apply::Options,
    /// The hazard classes that are allowed.
    pub allow: Vec<HazardClass>,
    /// The git revision of the project, for the ledger's history.
    pub revision: Option<String>,
}

/// Receives progress and warnings, and answers questions.
pub trait Talk {
    /// Asks whether to run the plan. `false` ends the apply before any change.
    fn confirm(&mut self, planned: &Planned) -> bool;
    /// Reports something that the user should know but that is no failure.
    fn warning(&mut self, text: &str);
    /// Reports progress.
    fn progress(&mut self, event: Event<'_>);
    /// Returns `false` once the user has interrupted the apply.
    fn goes_on(&self) -> bool {
        true
    }
}

/// Passes on to a [`Talk`] that the apply waits for another one.
struct Waiting<'a>(&'a mut dyn Talk);

impl apply::Wait for Waiting<'_> {
    fn begins(&mut self, what: &str) {
        self.0.progress(Event::Waits(what));
    }

    fn goes_on(&self) -> bool {
        self.0.goes_on()
    }
}

/// How an apply ended without an error.
#[derive(Debug)]
pub enum Outcome {
    /// There was nothing to do, or another apply made the same changes first.
    Nothing(Planned),
    /// The plan ran, and a second plan is empty.
    Done(Planned),
    /// [`Talk::confirm`] returned `false`.
    Declined(Planned),
}

/// Changes the database to match the declared state.
///
/// # Errors
/// Fails before any change if the plan has a hazard that is not allowed. An error of the server rolls back its
/// transaction. If objects still differ afterwards, the error names them.
pub async fn apply(
    session: &Session,
    declared: &State,
    options: &Options,
    choices: &Choices,
    talk: &mut dyn Talk,
) -> Result<Outcome, Diagnostics> {
    begin(session, choices, talk).await?;
    let planned = compare(session, declared, options, Purpose::Apply).await?;
    Box::pin(carry_out(session, planned, declared, options, choices, talk)).await
}

/// Runs a saved plan, and nothing else. `project` and `options` must be those that the plan was made from.
///
/// # Errors
/// Fails like [`apply()`], and also, before any change, if what the plan touches or relies on has changed since.
pub async fn apply_saved(
    session: &Session,
    saved: &Saved,
    project: &Project,
    options: &Options,
    choices: &Choices,
    talk: &mut dyn Talk,
) -> Result<Outcome, Diagnostics> {
    begin(session, choices, talk).await?;
    let planned = restore(session, saved, project, options).await?;
    Box::pin(carry_out(session, planned, &project.state, options, choices, talk)).await
}

/// Takes the advisory lock for the database, and drops scratch databases that a killed apply left behind.
async fn begin(session: &Session, choices: &Choices, talk: &mut dyn Talk) -> Result<()> {
    apply::check_pool(session).await?;
    apply::lock(&session.client, &choices.run, &mut Waiting(talk)).await?;
    scratch::sweep(session).await;
    Ok(())
}

async fn carry_out(
    session: &Session,
    planned: Planned,
    declared: &State,
    options: &Options,
    choices: &Choices,
    talk: &mut dyn Talk,
) -> Result<Outcome, Diagnostics> {
    let memory = Memory { session, project: options.project.as_ref(), only: options.only.as_ref() };
    if planned.plan.is_empty() {
        if options.ledger && !planned.recognised {
            if planned.learned || memory.is_stale(&planned).await {
                memory.keep(&planned, false, talk).await;
            }
            memory.note(&planned).await;
        }
        return Ok(Outcome::Nothing(planned));
    }
    if !talk.confirm(&planned) {
        return Ok(Outcome::Declined(planned));
    }
    guard(&planned.plan, &choices.allow)?;
    let mut clerk = Clerk {
        talk,
        declared: &planned.desired,
        choices,
        ledger: options.ledger,
        begun: Instant::now(),
        committed: 0,
        noted: false,
    };
    let job = Job { session, declared, options, choices };
    if !Box::pin(job.run(&planned, &mut clerk)).await? {
        return Ok(Outcome::Nothing(planned));
    }
    let mut after = compare(session, declared, options, Purpose::After(&planned.plan)).await?;
    if !after.plan.is_empty() && reacts(&after.whole) {
        clerk.talk.warning("an event trigger changed what the statements made: what differs now is set again");
        guard(&after.plan, &choices.allow)?;
        clerk.again();
        Box::pin(job.run(&after, &mut clerk)).await?;
        after = compare(session, declared, options, Purpose::After(&after.plan)).await?;
    }
    let noted = clerk.noted && clerk.ledger;
    converged(&after)?;
    if noted {
        memory.keep(&after, true, talk).await;
        memory.note(&after).await;
    }
    Ok(Outcome::Done(planned))
}

/// Returns whether something in the database may change others once they are made.
fn reacts(whole: &State) -> bool {
    whole.tops().any(|at| find(kinds::register(), at.kind()).rules.watches)
}

/// What to apply, and to which database.
struct Job<'a> {
    session: &'a Session,
    declared: &'a State,
    options: &'a Options,
    choices: &'a Choices,
}

impl Job<'_> {
    /// Runs a plan to its end, and plans again after errors that allow another try. Returns `false` if, after waiting
    /// for the cluster lock, there is nothing left to do because another apply made the same changes.
    async fn run(&self, planned: &Planned, clerk: &mut Clerk<'_>) -> Result<bool, Diagnostics> {
        let mut rest = self.ready(planned).await?;
        let mut cluster = None;
        let mut tries = 0;
        let mut on_own_path = false;
        loop {
            if cluster.is_none() && rest.steps.iter().any(|step| step.shared) {
                cluster = apply::lock_cluster(self.session, &mut Waiting(clerk.talk)).await?;
                if cluster.as_ref().is_some_and(|lock| lock.waited) {
                    rest = self.again().await?;
                }
            }
            if rest.is_empty() && tries == 0 {
                return Ok(false);
            }
            let Err(stopped) = apply::run(self.session, &rest, &self.choices.run, clerk).await else { return Ok(true) };
            match stopped.again {
                Again::OnOwnPath if !on_own_path => {
                    on_own_path = true;
                    apply::take_own_path(&self.session.client).await?;
                    clerk.again();
                    clerk.talk.warning(&on_own_path_because(&stopped.problem));
                }
                Again::Later | Again::IfOther if tries < apply::TRIES => {
                    tries += 1;
                    let pause = apply::pause(tries);
                    clerk.again();
                    clerk.talk.progress(Event::Again(tries, pause));
                    apply::sleep(pause).await;
                }
                Again::Never | Again::Later | Again::IfOther | Again::OnOwnPath => return Err(stopped.problem.into()),
            }
            if !clerk.talk.goes_on() {
                return Err(apply::interrupted().into());
            }
            let next = self.again().await?;
            if stopped.again == Again::IfOther && next == rest {
                return Err(stopped.problem.into());
            }
            rest = next;
        }
    }

    /// Plans again. What was committed stays, and what was left half-done shows in the catalog.
    async fn again(&self) -> Result<Plan, Diagnostics> {
        let again = plan(self.session, self.declared, self.options).await?;
        guard(&again.plan, &self.choices.allow)?;
        self.ready(&again).await
    }

    /// Checks that the server has room for the plan's locks, that the role may run every statement, and that no rows make a
    /// later transaction fail. Returns the plan with the role that runs each statement filled in.
    async fn ready(&self, planned: &Planned) -> Result<Plan, Diagnostics> {
        let mut plan = planned.plan.clone();
        let ground = apply::Ground { whole: &planned.whole, server: &planned.server };
        apply::check_capacity(&plan, planned.server.locks)?;
        apply::preflight(&self.session.client, &mut plan, ground).await?;
        apply::check_rows(&self.session.client, &plan).await?;
        Ok(plan)
    }
}

/// Reports events to the caller and writes the SQL of history entries, which run in the transactions of the statements
/// they describe.
struct Clerk<'a> {
    talk: &'a mut dyn Talk,
    declared: &'a State,
    choices: &'a Choices,
    /// `false` if the ledger is off, or once it could not be written.
    ledger: bool,
    begun: Instant,
    /// How many statements of the current plan have been put into history entries.
    committed: usize,
    noted: bool,
}

impl Clerk<'_> {
    /// Starts counting from 0, for a plan that was made again.
    fn again(&mut self) {
        self.committed = 0;
    }
}

impl apply::Watch for Clerk<'_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Unnoted(problem) => {
                self.ledger = false;
                unwritten(&problem, self.talk);
            }
            other => self.talk.progress(other),
        }
    }

    fn goes_on(&self) -> bool {
        self.talk.goes_on()
    }

    fn note(&mut self, done: &[PlanStep]) -> Option<String> {
        let named = |step: &&PlanStep| matches!(step.verb, Verb::Rename | Verb::Create);
        let was = |step: &'_ PlanStep| self.declared.get(&step.at).and_then(|o| o.was());
        let done = &done[std::mem::replace(&mut self.committed, done.len())..];
        let mut renames: Vec<_> = done.iter().filter(named).filter_map(|s| Some((&s.at, was(s)?))).collect();
        renames.dedup();
        let entry = ledger::Entry {
            statements: done.iter().map(PlanStep::text).collect(),
            renames,
            revision: self.choices.revision.as_deref(),
            milliseconds: i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX),
            goes_on: std::mem::replace(&mut self.noted, true),
        };
        self.ledger.then(|| ledger::entry(&entry))
    }
}

/// Says why the rest of a plan runs with the role's own `search_path`.
fn on_own_path_because(problem: &Diagnostic) -> String {
    let cause = &problem.problem.message;
    format!(
        "a function that a statement runs names things without their schemas ({cause}); the statements run again with the \
         `search_path` of the role. `settings: {{ search_path: … }}` of the function lets everybody call it"
    )
}

/// Writes to the ledger; `only` limits the objects that are recorded.
struct Memory<'a> {
    session: &'a Session,
    project: Option<&'a Imprint>,
    only: Option<&'a HashSet<Address>>,
}

impl Memory<'_> {
    /// Returns whether the ledger has to be updated although there is nothing to do, as somebody else made the changes
    /// or they were adopted into the project. Always `false` for a saved plan.
    async fn is_stale(&self, now: &Planned) -> bool {
        let entries = ledger::Entries { declared: &now.desired, stored: &now.live, whole: &now.whole, only: None };
        self.only.is_none() && ledger::is_stale(&self.session.client, &entries, kinds::register()).await
    }

    /// Records that the database equals the project, so that the next plan can skip reading it. An error is ignored:
    /// the next plan then reads everything.
    async fn note(&self, now: &Planned) {
        if let (Some(project), Some(catalogs), true) = (self.project, &now.fingerprint, now.warnings.is_empty()) {
            _ = ledger::note_unchanged(&self.session.client, project, catalogs).await;
        }
    }

    /// Records what PostgreSQL made of each declaration. An error is only a warning, since the next plan can find it
    /// out again.
    async fn keep(&self, now: &Planned, ran: bool, talk: &mut dyn Talk) {
        let entries = ledger::Entries { declared: &now.desired, stored: &now.live, whole: &now.whole, only: self.only };
        let client = &self.session.client;
        let mut written = ledger::record(client, &entries, kinds::register()).await;
        if ran && written.is_ok() {
            written = ledger::complete(client).await;
        }
        if let Err(problem) = written {
            unwritten(&problem, talk);
        }
    }
}

fn unwritten(problem: &Diagnostic, talk: &mut dyn Talk) {
    let cure = "`ledger: off` in `dbstate.yaml` goes without";
    let message = &problem.problem.message;
    talk.warning(&format!("the ledger in schema `dbstate` could not be written: {message}; {cure}"));
}

/// Refuses a plan that has hazards of classes that are not allowed, with one problem per class.
pub fn guard(plan: &Plan, allow: &[HazardClass]) -> Result<(), Diagnostics> {
    let mut problems = Diagnostics::default();
    for class in HazardClass::ALL.into_iter().filter(|c| !allow.contains(c)) {
        let found: Vec<_> = plan.hazards().filter(|(_, h)| h.class == class).collect();
        let Some((first, _)) = found.first() else { continue };
        let what: Vec<String> = found.iter().map(|(step, h)| format!("{}: {}", step.at, step.risk(h))).collect();
        let message = format!("hazard `{}` is not allowed: {}", class.as_str(), what.join("; "));
        let mut problem = Diagnostic::new(Code::Hazard, message)
            .help(format!("allow it with `--allow {}`, or in `dbstate.yaml`; nothing was changed", class.as_str()));
        if let Some(span) = first.origin {
            problem = problem.label(span, "this change");
        }
        problems.push(problem);
    }
    problems.into_result(())
}

/// Labels each problem with the word in the YAML that it is about. `current` is the object whose statement failed.
pub fn pinpoint(problems: Diagnostics, current: Option<&Address>, project: &Project) -> Diagnostics {
    let Some(at) = current else { return problems };
    let mut out = Diagnostics::default();
    for mut problem in problems {
        pinpoint::pinpoint(&mut problem, at, &project.state, kinds::register(), &project.sources);
        out.push(problem);
    }
    out
}

/// Fails if anything still differs, with an error for each object that contains the lines that differ.
fn converged(after: &Planned) -> Result<(), Diagnostics> {
    let mut problems = Diagnostics::default();
    for change in &after.plan.changes {
        let detail = after
            .lines(change)
            .iter()
            .filter(|(sign, _)| *sign != ' ')
            .map(|(sign, line)| format!("{sign} {}", line.trim()))
            .collect::<Vec<_>>()
            .join("; ");
        let message = format!("{} still differs after the apply: {detail}", change.at);
        let mut problem = Diagnostic::new(Code::NotConverged, message)
            .help("the statements ran; run `dbstate plan` to see what is left, and please report it");
        if let Some(span) = after.desired.get(&change.at).and_then(|o| o.origin.span()) {
            problem = problem.label(span, "declared here");
        }
        problems.push(problem);
    }
    problems.into_result(())
}
