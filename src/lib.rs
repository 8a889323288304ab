//! dbstate: declarative desired state for PostgreSQL.

pub mod declare;
pub mod diagnostic;
pub mod model;
pub mod report;
