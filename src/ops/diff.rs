//! `diff`: computes what leads from one project or database to another.

use std::sync::Arc;

use super::Options;
use super::plan::{finish, settle};
use crate::catalog;
use crate::declare::project::Project;
use crate::diagnostic::{Diagnostics, Result};
use crate::diff::scope;
use crate::kind::{Scope, find};
use crate::kinds;
use crate::ledger;
use crate::model::{Address, Object, Origin, Server, State};
use crate::plan::Planned;
use crate::session::Session;

/// One side of a comparison.
pub enum Side<'a> {
    /// A project.
    Project(&'a Project),
    /// A database.
    Database(&'a Session),
}

/// Plans what turns `from` into `to`.
pub async fn diff(from: Side<'_>, to: Side<'_>, options: &Options) -> Result<Planned, Diagnostics> {
    match (from, to) {
        (Side::Database(session), Side::Project(project)) => {
            finish(settle(session, &project.state, options).await?, options.online)
        }
        (Side::Project(project), Side::Database(session)) => {
            let planned = settle(session, &project.state, options).await?;
            let (live, desired) = (foreign(&planned.desired), planned.live);
            finish(Planned { live, desired, suspects: None, ..planned }, options.online)
        }
        (Side::Project(from), Side::Project(to)) => {
            let (mut live, mut desired) = (foreign(&from.state), to.state.clone());
            scope::project(&mut live, &mut desired, options.manage, &options.exclude, kinds::register());
            let mut planned = Planned::new(live, desired, Server::offline());
            planned.ask_nobody(&options.scratch, options.online).await?;
            finish(planned, options.online)
        }
        (Side::Database(from), Side::Database(to)) => {
            let (live, _) = whole(from, options).await?;
            let (desired, server) = whole(to, options).await?;
            finish(Planned::new(live, desired, server), options.online)
        }
    }
}

/// Returns a copy of a state to serve as the live side: without `was`, `protect` and origins in files.
fn foreign(state: &State) -> State {
    let mut out = state.clone();
    let all: Vec<Address> = out.iter().map(|(at, _)| at.clone()).collect();
    for at in all {
        if let Some(object) = out.get_mut(&at) {
            let mut there = Object::new(Arc::clone(object.as_written()), Origin::Derived(None));
            there.ordinal = object.ordinal;
            if object.written().is_some() {
                there.respell(Arc::clone(&object.spec));
            }
            *object = there;
        }
    }
    out
}

/// Returns everything in a database that is neither cluster-wide nor excluded.
async fn whole(session: &Session, options: &Options) -> Result<(State, Server)> {
    let register = kinds::register();
    let server = catalog::server(&session.client).await?;
    let mut state = catalog::read(&session.client, server.version, register).await?;
    ledger::hide(&mut state);
    let excluded = |at: &Address| !options.exclude.is_empty() && options.exclude.is_match(at.path().join("."));
    state.retain(|at, _| find(register, at.top().kind()).rules.scope == Scope::Database && !excluded(at));
    state.set_whole(true);
    Ok((state, server))
}
