//! dbstate: declarative desired state for PostgreSQL.

pub mod diagnostic;
pub mod model;
pub mod session;
