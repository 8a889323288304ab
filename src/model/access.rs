//! Who may do what, and by which way: what is computed of a state, and what a plan changes of it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Address;

/// The name that stands for everybody.
pub const EVERYBODY: &str = "public";

/// Why a role has a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It passes every check.
    Superuser,
    /// It owns the thing.
    Owner,
    /// It was granted.
    Grant,
    /// It is a role of PostgreSQL's own that has such a right on everything.
    Predefined,
    /// Everybody has it.
    Everybody,
}

/// A way by which a role comes to a right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Way {
    /// Why the last role of the path has it, or the role itself where the path is empty.
    pub cause: Cause,
    /// From a role it is a member of to the one that has the right.
    pub path: Vec<String>,
}

/// One privilege that a role has on a thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Right {
    /// The privilege: `select`.
    pub privilege: &'static str,
    /// It may be passed on.
    pub grantable: bool,
    /// The ways to it, the plainest first; never empty.
    pub ways: Vec<Way>,
}

/// Per command the policies that let rows through; none lets none through.
pub type Rows = BTreeMap<&'static str, Vec<String>>;

/// What a role may do with one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// The privileges, in the order of the manual.
    pub list: Vec<Right>,
    /// The schema in which it can't find the thing: it has no `usage` there, and so none of these.
    pub barrier: Option<Address>,
    /// Which rows it sees, where policies bind it.
    pub rows: Option<Rows>,
}

/// What changes of what roles may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessChange {
    /// Whose access: several where it is the same for all.
    pub roles: Vec<String>,
    /// What.
    pub what: Access,
}

/// What a role gains or loses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// It becomes a superuser, or ceases to be one.
    Everything {
        /// It becomes one.
        gained: bool,
    },
    /// Policies no longer bind it, or do.
    EveryRow {
        /// They no longer do.
        gained: bool,
    },
    /// It may become another role by `set role`.
    Role {
        /// It may; else no longer.
        gained: bool,
        /// The other role.
        role: String,
    },
    /// Privileges on things.
    Privileges {
        /// They are gained, else lost.
        gained: bool,
        /// The privileges, in the order of the manual.
        privileges: Vec<&'static str>,
        /// What all the things are called together: `tables`.
        things: &'static str,
        /// The things.
        on: Vec<Address>,
        /// The way by which they are, or were, had.
        way: Way,
        /// The schema on which `usage` came or went, where nothing else did.
        barrier: Option<Address>,
    },
    /// Other policies than before say which rows it sees; every row for none.
    Rows {
        /// The things.
        on: Vec<Address>,
        /// Before.
        before: Option<Rows>,
        /// After.
        after: Option<Rows>,
    },
}
