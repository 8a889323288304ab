//! What must hold before a statement can run, besides the objects that it names.

use super::address::Address;

/// What is done about an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// It is made.
    Make,
    /// It is changed or renamed.
    Change,
    /// It is dropped.
    Drop,
}

/// What must hold before a statement can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Demand {
    /// To own that object, or to be a member of its owner.
    Owns(Address),
    /// To own one of them: an object, or the schema that it stands in.
    OwnsEither(Address, Address),
    /// To own that object, or to hold a privilege on it that may be passed on.
    Grants(Address),
    /// A privilege on that object.
    Privilege(&'static str, Address),
    /// A privilege on the database.
    OnDatabase(&'static str),
    /// To be able to `set role` to that role.
    Becomes(String),
    /// To be allowed to change that role and who is a member of it.
    Administers(String),
    /// To be allowed to make roles.
    CreateRole,
    /// To pass every check.
    Superuser,
    /// That nothing in the cluster belongs to that role or names it, but for what the plan itself changes.
    Unused(Address),
    /// The same, but for what is in this database or shared by all.
    UnusedElsewhere(Address),
}
