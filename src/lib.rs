//! dbstate: declarative desired state for PostgreSQL.
//!
//! YAML says what a database shall be; the catalog says what it is; a plan is the SQL between the two. The modules, in
//! the order to read them:
//!
//! | | module | is |
//! |---|---|---|
//! | nouns | [`model`] | addresses, objects, states, steps; YAML nodes and their bridge to serde |
//! | | [`diagnostic`] | problems and the places they point at |
//! | kinds | [`kind`] | the contract of a kind of object, and its erased form that phases see |
//! | | [`kinds`] | the register: a file and a line per kind |
//! | | [`sql`] | identifiers, literals, tokens |
//! | | [`secret`] | passwords that never print |
//! | servers | [`session`] | where a server is, and how to reach it |
//! | | [`local`] | the embedded server |
//! | phases | [`declare`] | YAML to a state, and back |
//! | | [`catalog`] | a database to a state |
//! | | [`diff`] | two states compared |
//! | | [`plan`] | a difference to statements in order |
//! | | [`saved`] | a plan to a file, and whether it still fits |
//! | | [`apply`] | a plan to the server |
//! | | [`scratch`] | how PostgreSQL itself spells what is wanted |
//! | | [`ledger`] | what the last apply left to remember |
//! | | [`access`] | who may do what, and what a plan changes of that |
//! | | [`fleet`] | many databases: shares of them, and which have the same plan |
//! | | [`report`] | results as text |
//! | commands | [`ops`] | a function each: data in, data out |
//! | | [`cli`] | arguments, questions, exit codes: the terminal |
//!
//! `ARCHITECTURE.md` has the flow of data, the rule of imports and the words; `CONTRIBUTING.md` walks through a new kind.

pub mod model;
pub mod diagnostic;

pub mod kind;
pub mod kinds;
pub mod sql;
pub mod secret;

pub mod session;
pub mod local;

pub mod declare;
pub mod catalog;
pub mod diff;
pub mod plan;
pub mod saved;
pub mod apply;
pub mod scratch;
pub mod ledger;
pub mod access;
pub mod fleet;
pub mod report;

pub mod ops;
pub mod cli;
