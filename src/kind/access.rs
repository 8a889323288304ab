//! What objects say of who may do what: the facts from which effective access is computed.

use std::collections::{BTreeMap, BTreeSet};

/// What one object says of who may do what; it is about what the object stands under, but for [`Fact::Role`] and
/// [`Fact::Rows`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// It is a role.
    Role {
        /// It passes every check.
        superuser: bool,
        /// Before PostgreSQL 16: it has the privileges of the roles it is a member of by itself.
        inherits: bool,
        /// Policies do not bind it.
        bypass_rls: bool,
    },
    /// A role is a member of that group.
    Member {
        /// The group.
        group: String,
        /// It has the group's privileges by itself.
        inherits: bool,
        /// It may become the group by `set role`.
        sets: bool,
        /// It may make others members.
        admin: bool,
    },
    /// That role owns a thing.
    Owner(String),
    /// That grantee, or `public`, has these privileges on a thing, each with whether it may pass it on.
    Grant(String, BTreeMap<String, bool>),
    /// Policies say which of its rows are seen.
    Rows {
        /// The owner is bound too.
        forced: bool,
    },
    /// It is a policy of a thing.
    Policy {
        /// It lets rows through, else it holds them back.
        permissive: bool,
        /// The command it is for; every one for none.
        command: Option<&'static str>,
        /// The roles it is for; everybody when empty.
        roles: BTreeSet<String>,
    },
}
