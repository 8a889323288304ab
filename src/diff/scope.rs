//! Which part of a live database the project manages.

use globset::GlobSet;

use crate::kind::{Entry, Scope, find};
use crate::model::{Address, State};

/// How much of the database is managed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manage {
    /// Every object inside a declared schema.
    #[default]
    Schemas,
    /// Everything in the database.
    Database,
}

/// Takes out of `live` what the project does not manage, and out of both what `exclude` names.
pub fn project(live: &mut State, desired: &mut State, manage: Manage, exclude: &GlobSet, register: &'static [Entry]) {
    let excluded = |at: &Address| !exclude.is_empty() && exclude.is_match(at.path().join("."));
    desired.retain(|at, _| !excluded(at));
    live.retain(|at, _| {
        let entry = find(register, at.kind());
        let in_scope = match (entry.rules.scope, at.parent()) {
            (Scope::Cluster, None) => desired.contains(at),
            (Scope::Database, None) => manage == Manage::Database || desired.contains(at),
            (_, Some(_)) => true,
        };
        in_scope && !excluded(at) && (entry.managed)(at, desired)
    });
}
