//! `apply`: plan under a lock, ask, run, read again.

use std::collections::HashSet;
use std::time::Instant;

use super::Options;
use super::plan::{Purpose, compare, plan};
use super::saved::restore;
use crate::apply::{self, Again, Event};
use crate::declare::pinpoint;
use crate::declare::project::Project;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Result};
use crate::model::{Address, HazardClass, State};
use crate::plan::{Plan, PlanStep, Planned, Verb};
use crate::saved::Saved;
use crate::session::Session;
use crate::{kinds, ledger, scratch};

/// How to apply.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// Timeouts.
    pub run: apply::Options,
    /// Hazard classes that are allowed.
    pub allow: Vec<HazardClass>,
    /// The git revision of the project.
    pub revision: Option<String>,
}

/// What a caller is told and asked.
pub trait Talk {
    /// The plan is made; false goes no further.
    fn confirm(&mut self, planned: &Planned) -> bool;
    /// Something that the user should know, and that is no failure.
    fn warning(&mut self, text: &str);
    /// Something happened.
    fn progress(&mut self, event: Event<'_>);
    /// False once nobody waits for the end any more.
    fn goes_on(&self) -> bool {
        true
    }
}

/// A caller that is kept waiting.
struct Waiting<'a>(&'a mut dyn Talk);

impl apply::Wait for Waiting<'_> {
    fn begins(&mut self, what: &str) {
        self.0.progress(Event::Waits(what));
    }

    fn goes_on(&self) -> bool {
        self.0.goes_on()
    }
}

/// How an apply ended.
#[derive(Debug)]
pub enum Outcome {
    /// There was nothing to do.
    Nothing(Planned),
    /// It was done, and a second plan is empty.
    Done(Planned),
    /// The caller did not confirm.
    Declined(Planned),
}

/// Makes the database as declared.
///
/// # Errors
/// A hazard that is not allowed refuses before any change; an error of the server rolls its transaction back; what
/// still differs afterwards is named.
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

/// Makes the changes of a saved plan, and no other; `project` and `options` are those it was made from.
///
/// # Errors
/// The same, and before any change when what the plan touches or relies on has moved.
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

/// Waits for its turn, and clears away what an apply left that did not come to its end.
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
    let memory = Memory { session, project: options.project.as_deref(), only: options.only.as_ref() };
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
        declared: &planned.declared,
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
    let noted = clerk.noted && clerk.ledger;
    let after = compare(session, declared, options, Purpose::After(&planned.plan)).await?;
    converged(&after)?;
    if noted {
        memory.keep(&after, true, talk).await;
        memory.note(&after).await;
    }
    Ok(Outcome::Done(planned))
}

/// What is to be applied where.
struct Job<'a> {
    session: &'a Session,
    declared: &'a State,
    options: &'a Options,
    choices: &'a Choices,
}

impl Job<'_> {
    /// Runs a plan to its end; false where another apply had made the same changes by then.
    async fn run(&self, planned: &Planned, clerk: &mut Clerk<'_>) -> Result<bool, Diagnostics> {
        let mut rest = self.ready(planned).await?;
        let mut cluster = None;
        let mut tries = 0;
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
            if stopped.again == Again::Never || tries == apply::TRIES {
                return Err(stopped.problem.into());
            }
            tries += 1;
            let pause = apply::pause(tries);
            clerk.again(Event::Again(tries, pause));
            apply::sleep(pause).await;
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

    /// The plan made again: what was committed stays; what it left half-done is seen in the catalog.
    async fn again(&self) -> Result<Plan, Diagnostics> {
        let again = plan(self.session, self.declared, self.options).await?;
        guard(&again.plan, &self.choices.allow)?;
        self.ready(&again).await
    }

    /// The plan, with as whom each statement runs.
    async fn ready(&self, planned: &Planned) -> Result<Plan, Diagnostics> {
        let mut plan = planned.plan.clone();
        let ground = apply::Ground { whole: &planned.whole, server: &planned.server };
        apply::check_capacity(&plan, planned.server.locks)?;
        apply::preflight(&self.session.client, &mut plan, ground).await?;
        Ok(plan)
    }
}

/// Tells the caller what happens, and the ledger in the same transaction.
struct Clerk<'a> {
    talk: &'a mut dyn Talk,
    declared: &'a State,
    choices: &'a Choices,
    /// False once the ledger could not be written.
    ledger: bool,
    begun: Instant,
    /// How many statements of this plan are committed.
    committed: usize,
    noted: bool,
}

impl Clerk<'_> {
    /// Begins anew, with a plan that was made again.
    fn again(&mut self, event: Event<'_>) {
        self.committed = 0;
        self.talk.progress(event);
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

    fn note(&mut self, done: &[PlanStep]) -> Option<String> {
        let named = |step: &&PlanStep| matches!(step.verb, Verb::Rename | Verb::Create);
        let was = |step: &'_ PlanStep| self.declared.get(&step.at).and_then(|o| o.was.as_deref());
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

/// The ledger, and of which objects it is told.
struct Memory<'a> {
    session: &'a Session,
    project: Option<&'a str>,
    only: Option<&'a HashSet<Address>>,
}

impl Memory<'_> {
    /// True where nothing is to be done, and the ledger does not know why: somebody else did it, or adopted it.
    async fn is_stale(&self, now: &Planned) -> bool {
        let entries = ledger::Entries { declared: &now.declared, stored: &now.live, whole: &now.whole, only: None };
        self.only.is_none() && ledger::is_stale(&self.session.client, &entries, kinds::register()).await
    }

    /// Notes that nothing is to be done, so that the next plan need not read what did not change. What can't be noted is
    /// read again.
    async fn note(&self, now: &Planned) {
        if let (Some(project), Some(catalogs), true) = (self.project, &now.fingerprint, now.warnings.is_empty()) {
            _ = ledger::note_unchanged(&self.session.client, project, catalogs).await;
        }
    }

    /// Writes the ledger. What can't be remembered is asked again the next time: no reason to fail.
    async fn keep(&self, now: &Planned, ran: bool, talk: &mut dyn Talk) {
        let entries =
            ledger::Entries { declared: &now.declared, stored: &now.live, whole: &now.whole, only: self.only };
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

/// Refuses a plan with a hazard of a class that is not allowed: one problem a class.
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

/// Points each problem with the statement about `current` at the word in the YAML.
pub fn pinpoint(problems: Diagnostics, current: Option<&Address>, project: &Project) -> Diagnostics {
    let Some(at) = current else { return problems };
    let mut out = Diagnostics::default();
    for mut problem in problems {
        pinpoint::pinpoint(&mut problem, at, &project.state, kinds::register(), &project.sources);
        out.push(problem);
    }
    out
}

/// An error that names every object, and within it every line, that still differs.
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
        if let Some(span) = after.declared.get(&change.at).and_then(|o| o.origin.span()) {
            problem = problem.label(span, "declared here");
        }
        problems.push(problem);
    }
    problems.into_result(())
}
