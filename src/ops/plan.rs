//! `plan`: what would change.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::join;

use super::Options;
use crate::catalog::fingerprint;
use crate::declare::raise::raise_object;
use crate::declare::write::write;
use crate::diagnostic::{Diagnostics, Result};
use crate::diff::{scope, show};
use crate::model::{Address, Server, State};
use crate::plan::{self, Change, Input, Lines, Plan, Planned, Verb};
use crate::scratch::differs_in_text_alone;
use crate::session::Session;
use crate::{apply, catalog, kinds, ledger, scratch};

/// What a comparison is for.
#[derive(Clone, Copy)]
pub(super) enum Purpose<'a> {
    /// To show it.
    Look,
    /// To apply it.
    Apply,
    /// To see what a plan left that ran: what it made from the declared text is, as stored, what that text means.
    After(&'a Plan),
}

/// Compares the project with the database and plans the difference.
pub async fn plan(session: &Session, declared: &State, options: &Options) -> Result<Planned, Diagnostics> {
    compare(session, declared, options, Purpose::Look).await
}

/// Says of each statement as whom an apply would run it. What the role lacks is no error here: another may apply.
pub async fn actors(session: &Session, planned: &mut Planned) {
    let ground = apply::Ground { whole: &planned.whole, server: &planned.server };
    _ = apply::preflight(&session.client, &mut planned.plan, ground).await;
}

/// Compares and plans, for that purpose.
pub(super) async fn compare(
    session: &Session,
    declared: &State,
    options: &Options,
    purpose: Purpose<'_>,
) -> Result<Planned, Diagnostics> {
    let (server, is_known) = join(catalog::server(&session.client), is_known(session, options, purpose)).await;
    let server = server?;
    if is_known && is_unchanged(session, options, &server).await {
        return Ok(Planned { recognised: true, ..Planned::new(State::default(), declared.clone(), server) });
    }
    let mut planned = settle_on(session, server, declared, options, purpose).await?;
    if let Some(only) = &options.only {
        planned.confine(only);
    }
    planned.make(options.online)?;
    if planned.plan.is_empty() {
        return Ok(planned);
    }
    // What a statement risks, and how it is best run, depends on how much there is.
    let touched: Vec<Address> = planned.plan.steps.iter().map(|step| step.at.clone()).collect();
    if catalog::measure(&session.client, &mut planned.live, touched.iter()).await? {
        planned.make(options.online)?;
    }
    planned.compare(options.online);
    planned.weigh_access(options.online);
    if options.ledger {
        planned.blame(session).await;
    }
    Ok(planned)
}

/// True where the ledger may know that nothing is to be done.
async fn is_known(session: &Session, options: &Options, purpose: Purpose<'_>) -> bool {
    let asks = options.project.is_some() && !matches!(purpose, Purpose::After(_));
    asks && ledger::has_unchanged(&session.client).await
}

/// True where it does, and no catalog changed since.
async fn is_unchanged(session: &Session, options: &Options, server: &Server) -> bool {
    let Some(project) = &options.project else { return false };
    let fingerprint = fingerprint::expression(server.version, server.superuser);
    ledger::is_unchanged(&session.client, project, &fingerprint).await
}

/// Plans between two states that are settled, and says how they differ.
pub(super) fn finish(mut planned: Planned, online: bool) -> Result<Planned, Diagnostics> {
    planned.finish(online)?;
    planned.whole = State::default();
    planned.weigh_access(online);
    Ok(planned)
}

/// Both states, with everything settled that may be spelled in several ways; the plan between them is not made.
pub(super) async fn settle(session: &Session, declared: &State, options: &Options) -> Result<Planned, Diagnostics> {
    let server = catalog::server(&session.client).await?;
    settle_on(session, server, declared, options, Purpose::Look).await
}

async fn settle_on(
    session: &Session,
    server: Server,
    declared: &State,
    options: &Options,
    purpose: Purpose<'_>,
) -> Result<Planned, Diagnostics> {
    let register = kinds::register();
    let is_marked = options.project.is_some() && !matches!(purpose, Purpose::Look);
    let (mut whole, fingerprint) = if is_marked {
        catalog::read_marked(&session.client, &server, register).await?
    } else {
        (catalog::read(&session.client, server.version, register).await?, None)
    };
    ledger::hide(&mut whole);
    let mut live = whole.clone();
    let mut declared = declared.clone();
    for entry in register {
        (entry.suit)(&mut declared, server.version);
    }
    scope::project(&mut live, &mut declared, options.manage, &options.exclude, register);
    let mut planned = Planned { whole, fingerprint, ..Planned::new(live, declared, server) };
    let applied = if let Purpose::After(applied) = purpose { Some(applied) } else { None };
    planned.know_renames(session, options, applied).await;
    let input = planned.input(options.online);
    let renamed = plan::renamed(input);
    let mut doubtful = scratch::doubtful(&renamed, &planned.desired, register);
    // What a plan has just made of the declared text, a scratch database would make of it again.
    let created = changed(applied, |verb| verb == Verb::Create);
    let is_made = |at: &Address| is_in(at, &created) && differs_in_text_alone(at, &renamed, &planned.desired, register);
    let sure: Vec<Address> = doubtful.extract_if(.., |at| is_made(at)).collect();
    for at in &sure {
        planned.adopt(at, &renamed);
    }
    if options.ledger {
        planned.recall(session, &renamed, &mut doubtful).await;
    }
    if !doubtful.is_empty() {
        planned.ask(session, &options.scratch, &mut doubtful).await?;
    }
    let made = changed(applied, |verb| matches!(verb, Verb::Create | Verb::Replace));
    let altered = changed(applied, |verb| verb == Verb::Alter);
    for at in doubtful.iter().filter(|at| altered.contains(at) || is_in(at, &made)) {
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

/// The objects that a plan, if one ran, changed in such a way.
fn changed(applied: Option<&Plan>, how: impl Fn(Verb) -> bool) -> HashSet<&Address> {
    applied.iter().flat_map(|plan| &plan.changes).filter(|change| how(change.verb)).map(|change| &change.at).collect()
}

/// True for an object that is one of these, or under one.
fn is_in(at: &Address, these: &HashSet<&Address>) -> bool {
    !these.is_empty() && std::iter::once(at).chain(at.ancestors()).any(|at| these.contains(at))
}

/// The lines in which an object differs, as canonical YAML: its old side, after the renames, and its new.
fn differences(planned: &Planned, renamed: &State, change: &Change) -> Lines {
    let text =
        |state: &State| raise_object(state, kinds::register(), &change.at).map(|n| write(&n)).unwrap_or_default();
    show::lines(&text(renamed), &text(&planned.desired))
}
