//! Indexes and constraints of a partition that are parts of those of the table above.
//!
//! PostgreSQL makes them by itself, and drops them with the whole. See
//! <https://www.postgresql.org/docs/current/ddl-partitioning.html>.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lineage::{above, place, renamed};
use super::only::is_only;
use crate::kind::{Cx, Kind};
use crate::kinds::check::Check;
use crate::kinds::exclusion::Exclusion;
use crate::kinds::index::Index;
use crate::kinds::primary_key::PrimaryKey;
use crate::kinds::unique::Unique;
use crate::model::{Address, KindName, State};

/// Whether an index or a constraint of a partition is a part of its parent's. Not compared.
#[derive(Debug, Clone, Copy, Default, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attached {
    /// It is the table's own.
    #[default]
    No,
    /// It is, and is just as PostgreSQL makes it where nothing is said.
    Plain,
    /// It is, with a name, parameters or a comment of its own.
    Named,
    /// It is a key, and a part of an index that is no key.
    Keyed,
    /// It is, of an index that still lacks other parts, so PostgreSQL did not make it by itself.
    Early,
}

impl PartialEq for Attached {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Attached {
    /// Returns whether the project manages a live index or constraint. It does if that is declared, is the table's own,
    /// or would be left behind when the table is no longer below its parent. `takes_part` tells whether it would become
    /// a part of an object of a table above.
    pub fn managed(self, at: &Address, desired: &State, takes_part: impl Fn(&Address) -> bool) -> bool {
        let Some(table) = at.parent().filter(|_| !desired.contains(at)) else { return true };
        let called = |now: Option<Address>| now.and_then(|now| Some((place(&now, desired)?, now)));
        let Some((place, now)) = called(Some(table.clone())).or_else(|| called(renamed(table, desired))) else {
            return true;
        };
        if place.names().next().is_none() {
            return true;
        }
        let theirs = || above(&now, desired).into_iter().flat_map(|p| desired.descendants(&p)).collect::<Vec<_>>();
        // Another table declares an index or key of the same name.
        let indexes = [Index::NAME, Unique::NAME, PrimaryKey::NAME, Exclusion::NAME];
        let in_the_way = || {
            let other =
                |other: &Address| other.key() == at.key() && other.top() == at.top() && other.parent() != at.parent();
            indexes.contains(&at.kind()) && desired.of_kind(at.kind()).iter().any(other)
        };
        let of = |only| {
            let alike = |their: &Address| their.kind() == at.kind() && takes_part(their);
            theirs().iter().any(|their| alike(their) && is_only(their, desired) == only)
        };
        let is_theirs = || of(false);
        let adopted = || !in_the_way() && is_theirs();
        // An index that says `only` has no parts but those that are declared.
        let is_extra = || !is_theirs() && of(true);
        // A table that merely inherits, without being a partition, shares only the checks.
        let shares = place.partition_of.is_some() || at.kind() == Check::NAME;
        // The name that PostgreSQL generated contains the table's old name.
        let is_renamed = || now.key() != table.key() && indexes.contains(&at.kind()) && is_theirs();
        match self {
            Self::No => !(shares && adopted()),
            Self::Plain => is_renamed(),
            Self::Early => is_extra() || is_renamed(),
            Self::Keyed => true,
            // Its own name, parameters or comment are to be removed.
            Self::Named => place.partition_of.is_some() && (is_theirs() || is_extra()),
        }
    }

    /// Returns the table that must be detached from the one above before this part of an index or constraint can be
    /// dropped.
    pub fn leaves_with(self, cx: &Cx<'_>) -> Option<Address> {
        cx.at.parent().filter(|table| !matches!(self, Self::No) && cx.desired.contains(table)).cloned()
    }
}

/// Removes from `state` the parts that are just as PostgreSQL creates them by itself.
pub fn hide_plain<T: 'static>(state: &mut State, kind: KindName, attached: fn(&T) -> Attached) {
    let plain = |at: &Address| state.spec::<T>(at).is_some_and(|spec| matches!(attached(spec), Attached::Plain));
    let gone: HashSet<Address> = state.of_kind(kind).into_iter().filter(plain).collect();
    if !gone.is_empty() {
        state.retain(|at, _| !gone.contains(at));
    }
}
