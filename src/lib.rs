//! dbstate: declarative desired state for PostgreSQL.

pub mod apply;
pub mod catalog;
pub mod cli;
pub mod declare;
pub mod diagnostic;
pub mod diff;
pub mod kind;
pub mod kinds;
pub mod ledger;
pub mod local;
pub mod model;
pub mod ops;
pub mod plan;
pub mod report;
pub mod scratch;
pub mod secret;
pub mod session;
pub mod sql;
