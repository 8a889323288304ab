//! dbstate: declarative desired state for PostgreSQL.

pub mod catalog;
pub mod declare;
pub mod diagnostic;
pub mod diff;
pub mod kind;
pub mod kinds;
pub mod local;
pub mod model;
pub mod plan;
pub mod report;
pub mod session;
pub mod sql;
