//! `plan`: what would change.

use std::sync::Arc;

use super::Options;
use crate::declare::raise::raise_object;
use crate::declare::write::write;
use crate::diagnostic::{Diagnostics, Result};
use crate::diff::{scope, show};
use crate::model::{Address, State};
use crate::plan::{self, Change, Input, Lines, Plan, Planned, Verb};
use crate::session::Session;
use crate::{apply, catalog, kinds, ledger, scratch};

/// Compares the project with the database and plans the difference.
pub async fn plan(session: &Session, declared: &State, options: &Options) -> Result<Planned, Diagnostics> {
    compare(session, declared, options, &Plan::default()).await
}

/// Says of each statement as whom an apply would run it. What the role lacks is no error here: another may apply.
pub async fn actors(session: &Session, planned: &mut Planned) {
    let ground = apply::Ground { whole: &planned.whole, server: &planned.server };
    _ = apply::preflight(&session.client, &mut planned.plan, ground).await;
}

/// Compares again, after a plan ran: what it made from the declared text is, as stored, what that text means.
pub async fn after(
    session: &Session,
    declared: &State,
    options: &Options,
    applied: &Plan,
) -> Result<Planned, Diagnostics> {
    compare(session, declared, options, applied).await
}

async fn compare(
    session: &Session,
    declared: &State,
    options: &Options,
    applied: &Plan,
) -> Result<Planned, Diagnostics> {
    let mut planned = settle(session, declared, options, applied).await?;
    if let Some(only) = &options.only {
        planned.confine(only);
    }
    planned.make(options.online)?;
    if planned.plan.is_empty() {
        return Ok(planned);
    }
    // What a statement risks, and how it is best run, depends on how much there is.
    let touched: Vec<Address> = planned.plan.steps.iter().map(|step| step.at.clone()).collect();
    catalog::measure(&session.client, &mut planned.live, touched.iter()).await?;
    planned.finish(options.online)?;
    planned.weigh_access(options.online);
    if options.ledger {
        planned.blame(session).await;
    }
    Ok(planned)
}

/// Plans between two states that are settled, and says how they differ.
pub(super) fn finish(mut planned: Planned, online: bool) -> Result<Planned, Diagnostics> {
    planned.finish(online)?;
    planned.whole = State::default();
    planned.weigh_access(online);
    Ok(planned)
}

/// Both states, with everything settled that may be spelled in several ways; the plan between them is not made.
pub(super) async fn settle(
    session: &Session,
    declared: &State,
    options: &Options,
    applied: &Plan,
) -> Result<Planned, Diagnostics> {
    let register = kinds::register();
    let server = catalog::server(&session.client).await?;
    let mut whole = catalog::read(&session.client, server.version, register).await?;
    ledger::hide(&mut whole);
    let mut live = whole.clone();
    let mut declared = declared.clone();
    for entry in register {
        (entry.suit)(&mut declared, server.version);
    }
    scope::project(&mut live, &mut declared, options.manage, &options.exclude, register);
    let mut planned = Planned { whole, ..Planned::new(live, declared, server) };
    planned.know_renames(session, options, applied).await;
    let input = planned.input(options.online);
    let renamed = plan::renamed(input);
    let mut doubtful = scratch::doubtful(&renamed, &planned.desired, register);
    if options.ledger {
        planned.recall(session, &renamed, &mut doubtful).await;
    }
    if !doubtful.is_empty() {
        planned.ask(session, &options.scratch, &mut doubtful).await?;
    }
    for at in doubtful.iter().filter(|at| makes(applied, at)) {
        planned.adopt(at, &renamed);
    }
    Ok(planned)
}

impl Planned {
    /// Makes the plan, and says how both sides differ.
    fn finish(&mut self, online: bool) -> Result<(), Diagnostics> {
        self.make(online)?;
        self.compare(online);
        Ok(())
    }

    /// Says how both sides differ in what the plan changes.
    pub(super) fn compare(&mut self, online: bool) {
        let renamed = plan::renamed(self.input(online));
        self.differences = self.plan.changes.iter().map(|c| (c.at.clone(), differences(self, &renamed, c))).collect();
    }

    /// Makes the plan; what it warns of is said once, however often it is made.
    pub(super) fn make(&mut self, online: bool) -> Result<(), Diagnostics> {
        self.plan = plan::plan(self.input(online))?;
        for warning in std::mem::take(&mut self.plan.warnings) {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        Ok(())
    }

    /// What a plan is made from, as far as both sides are known by now.
    pub(super) fn input(&self, online: bool) -> Input<'_> {
        let register = kinds::register();
        let Self { live, whole, desired, server, .. } = self;
        Input { live, whole, desired, server, register, online }
    }

    /// Asks who holds locks on what the plan touches.
    pub async fn watch(&mut self, session: &Session) -> Result<()> {
        let steps = self.plan.steps.iter().map(|step| &step.at);
        self.activity = catalog::activity(&session.client, &self.live, steps).await?;
        Ok(())
    }

    /// Asks the ledger which side of each change moved, and since which apply.
    async fn blame(&mut self, session: &Session) {
        let changes: Vec<&Address> = self.plan.changes.iter().map(|c| &c.at).collect();
        if changes.is_empty() {
            return;
        }
        let ledger = ledger::read(&session.client, changes.iter().copied()).await;
        let side = |state: &State, at: &Address| state.get(at).map(|o| Arc::clone(&o.spec));
        for at in changes {
            let (declared, stored) = (side(&self.declared, at), side(&self.live, at));
            if let Some(moved) = ledger.moved(at, declared.as_deref(), stored.as_deref(), kinds::register()) {
                self.moved.insert(at.clone(), moved);
            }
        }
        if !self.moved.is_empty() {
            self.since = ledger::since(&session.client, self.moved.keys()).await;
        }
    }
}

/// True when a plan made an object, or what it is under, or changed it.
fn makes(applied: &Plan, at: &Address) -> bool {
    applied.changes.iter().any(|change| match change.verb {
        Verb::Create | Verb::Replace => at.is_within(&change.at),
        Verb::Alter => *at == change.at,
        Verb::Rename | Verb::Drop => false,
    })
}

/// The lines in which an object differs, as canonical YAML: its old side, after the renames, and its new.
fn differences(planned: &Planned, renamed: &State, change: &Change) -> Lines {
    let text =
        |state: &State| raise_object(state, kinds::register(), &change.at).map(|n| write(&n)).unwrap_or_default();
    show::lines(&text(renamed), &text(&planned.desired))
}
