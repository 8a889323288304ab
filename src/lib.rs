//! dbstate: declarative desired state for PostgreSQL.

pub mod diagnostic;
pub mod local;
pub mod model;
