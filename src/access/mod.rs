//! Computes who may do what from a state, as PostgreSQL would answer: from memberships, ownership, grants, what PUBLIC
//! has, `usage` on the schema, and row security.
//!
//! A thing is an object that privileges can be granted on. See <https://www.postgresql.org/docs/current/ddl-priv.html>.
//! What a view or function does with its owner's rights is not followed.

mod change;
mod present;
mod reach;
mod rights;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::kind::access::Fact;
use crate::kind::{Entry, Identity, find};
use crate::model::{Address, Object, PgVersion, State};

pub use change::changes;
pub use present::{OfRole, OfThing};
pub use reach::Reach;

/// The role of which the owner of the database is implicitly a member.
const DATABASE_OWNER: &str = "pg_database_owner";

/// What a state says about access, by role and by thing.
pub struct Access {
    register: &'static [Entry],
    version: PgVersion,
    roles: BTreeMap<String, Role>,
    things: Things,
    database_owner: Option<String>,
}

type Things = IndexMap<Address, Thing, FxBuildHasher>;

/// What is known about a role.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Role {
    at: Option<Address>,
    superuser: bool,
    inherits: bool,
    bypass_rls: bool,
    groups: BTreeMap<String, Options>,
}

/// The options of a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Options {
    inherits: bool,
    sets: bool,
}

/// What is known about a thing.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Thing {
    owner: Option<String>,
    grants: Vec<(String, BTreeMap<String, bool>)>,
    /// Whether row security is on: `Some(true)` if it applies to the owner too.
    forced: Option<bool>,
    policies: Vec<Policy>,
}

/// A policy of a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Policy {
    name: String,
    permissive: bool,
    command: Option<&'static str>,
    roles: BTreeSet<String>,
}

impl Access {
    /// Collects what a state says. A project says nothing about owners and privileges that it does not declare.
    pub fn of(state: &State, version: PgVersion, register: &'static [Entry]) -> Self {
        Self::of_objects(state.iter(), version, register)
    }

    /// Collects what some objects of a state say.
    pub fn of_objects<'a>(
        objects: impl Iterator<Item = (&'a Address, &'a Object)>,
        version: PgVersion,
        register: &'static [Entry],
    ) -> Self {
        let mut roles: BTreeMap<String, Role> = BTreeMap::new();
        let mut things = Things::default();
        let entries: HashMap<_, _> = register.iter().map(|entry| (entry.name, entry)).collect();
        for (at, object) in objects {
            let entry = entries.get(&at.kind()).copied().unwrap_or_else(|| find(register, at.kind()));
            if entry.rules.privileges.is_some() {
                things.entry(at.clone()).or_default();
            }
            let Some(fact) = (entry.access)(&*object.spec, at) else { continue };
            let on = at.parent().unwrap_or(at);
            match fact {
                Fact::Role { superuser, inherits, bypass_rls } => {
                    let role = roles.entry(at.key().to_owned()).or_default();
                    let groups = std::mem::take(&mut role.groups);
                    *role = Role { at: Some(at.clone()), superuser, inherits, bypass_rls, groups };
                }
                Fact::Member { group, inherits, sets, admin: _ } => {
                    let member = roles.entry(on.key().to_owned()).or_default();
                    member.groups.insert(group, Options { inherits, sets });
                }
                Fact::Owner(role) => things.entry(on.clone()).or_default().owner = Some(role),
                Fact::Grant(grantee, privileges) => {
                    things.entry(on.clone()).or_default().grants.push((grantee, privileges));
                }
                Fact::Rows { forced } => things.entry(at.clone()).or_default().forced = Some(forced),
                Fact::Policy { permissive, command, roles } => {
                    let policy = Policy { name: at.key().to_owned(), permissive, command, roles };
                    things.entry(on.clone()).or_default().policies.push(policy);
                }
            }
        }
        let is_database = |at: &Address| matches!(entries[&at.kind()].rules.identity, Identity::Database);
        let database_owner = things.iter().find(|(at, _)| is_database(at)).and_then(|(_, thing)| thing.owner.clone());
        let mut access = Self { register, version, roles, things, database_owner };
        access.settle();
        access
    }

    /// Removes objects on which no privilege can be granted, and sorts what is known about each of the rest.
    fn settle(&mut self) {
        let register = self.register;
        self.things.retain(|at, _| find(register, at.kind()).rules.privileges.is_some());
        for thing in self.things.values_mut() {
            thing.grants.sort();
            thing.policies.sort_by(|a, b| a.name.cmp(&b.name));
        }
    }

    /// Returns every role, by name.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.keys().map(String::as_str)
    }

    /// Returns the address of a role in the state.
    pub fn role(&self, name: &str) -> Option<&Address> {
        self.roles.get(name)?.at.as_ref()
    }

    /// Returns the database itself, if the state contains it.
    pub fn database(&self) -> Option<&Address> {
        self.things.keys().find(|at| matches!(find(self.register, at.kind()).rules.identity, Identity::Database))
    }

    /// Returns every thing, by path.
    pub fn things(&self) -> impl Iterator<Item = &Address> {
        let mut things: Vec<&Address> = self.things.keys().collect();
        things.sort_unstable();
        things.into_iter()
    }

    /// Returns the plural noun for things of the same sort: `tables`.
    pub fn plural(&self, at: &Address) -> &'static str {
        find(self.register, at.kind()).rules.privileges.map_or("", |privileges| privileges.plural)
    }

    /// Returns the owner of a thing, or of the thing that it is a part of.
    pub fn owner(&self, at: &Address) -> Option<&str> {
        let own = |at: &Address| self.things.get(at).and_then(|thing| thing.owner.as_deref());
        let space = |at: &&Address| find(self.register, at.kind()).rules.space;
        own(at).or_else(|| at.ancestors().take_while(|a| !space(a)).find_map(own))
    }
}
