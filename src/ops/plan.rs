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
use crate::{catalog, kinds, ledger, scratch};

/// Compares the project with the database and plans the difference.
pub async fn plan(session: &Session, declared: &State, options: &Options) -> Result<Planned, Diagnostics> {
    compare(session, declared, options, &Plan::default()).await
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
    let mut planned = finish(settle(session, declared, options, applied).await?)?;
    if options.ledger {
        planned.blame(session).await;
    }
    Ok(planned)
}

/// Plans between two states that are settled.
pub(super) fn finish(mut planned: Planned) -> Result<Planned, Diagnostics> {
    let Planned { live, desired, server, .. } = &planned;
    planned.plan = plan::plan(Input { live, desired, server, register: kinds::register() })?;
    planned.differences = planned.plan.changes.iter().map(|c| (c.at.clone(), differences(&planned, c))).collect();
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
    scope::project(&mut live, &mut declared, options.manage, &options.exclude, register);
    let mut planned = Planned::new(live, declared, server);
    let input = Input { live: &planned.live, desired: &planned.desired, server: &planned.server, register };
    let renamed = plan::renamed(input);
    let mut doubtful = scratch::doubtful(&renamed, &planned.desired, register);
    if options.ledger {
        planned.recall(session, &renamed, &mut doubtful).await;
    }
    if options.scratch && !doubtful.is_empty() {
        planned.ask(session, &whole, &mut doubtful).await;
    }
    for at in doubtful.iter().filter(|at| makes(applied, at)) {
        planned.adopt(at, &renamed);
    }
    Ok(planned)
}

impl Planned {
    /// Settles what the ledger knows.
    async fn recall(&mut self, session: &Session, renamed: &State, doubtful: &mut Vec<Address>) {
        if doubtful.is_empty() {
            return;
        }
        let ledger = ledger::read(&session.client, doubtful.iter()).await;
        let known = |at: &Address| {
            let (Some(there), Some(wanted)) = (renamed.get(at), self.declared.get(at)) else { return false };
            ledger.settles(at, &*wanted.spec, &*there.spec, kinds::register())
        };
        let (settled, open): (Vec<_>, Vec<_>) = std::mem::take(doubtful).into_iter().partition(known);
        *doubtful = open;
        for at in &settled {
            self.adopt(at, renamed);
        }
    }

    /// Asks the ledger which side of each change moved.
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
    }

    /// Settles what PostgreSQL can say in a scratch database; leaves the rest in doubt, with a warning.
    async fn ask(&mut self, session: &Session, whole: &State, doubtful: &mut Vec<Address>) {
        let request = scratch::Request {
            live: whole,
            desired: &self.desired,
            doubtful,
            server: &self.server,
            register: kinds::register(),
        };
        match scratch::read_back(session.target(), session, request).await {
            Ok(stored) => {
                for at in doubtful.iter() {
                    self.adopt(at, &stored.state);
                }
                self.learned = true;
                doubtful.retain(|at| !stored.state.contains(at));
                if let Some(failure) = stored.failure {
                    self.unsettled(doubtful, &failure);
                }
            }
            Err(problem) => self.unsettled(doubtful, &problem.problem.message),
        }
    }

    /// Warns that nobody could say whether these differ in more than spelling.
    fn unsettled(&mut self, doubtful: &[Address], why: &str) {
        if !doubtful.is_empty() {
            let list = doubtful.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            self.warnings.push(format!("whether {list} differ only in spelling could not be settled: {why}"));
        }
    }

    /// Takes PostgreSQL's spelling of an object, and what it says that the object uses.
    fn adopt(&mut self, at: &Address, stored: &State) {
        let (Some(wanted), Some(there)) = (self.desired.get_mut(at), stored.get(at)) else { return };
        wanted.respell(Arc::clone(&there.spec));
        for used in stored.uses(at) {
            self.desired.add_edge(at.clone(), used.clone());
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

/// The lines in which an object differs, as canonical YAML: its old side and its new.
fn differences(planned: &Planned, change: &Change) -> Lines {
    let text = |state: &State, at: &Address| raise_object(state, kinds::register(), at).map(|n| write(&n));
    let old = text(&planned.live, change.from.as_ref().unwrap_or(&change.at)).unwrap_or_default();
    show::lines(&old, &text(&planned.desired, &change.at).unwrap_or_default())
}
