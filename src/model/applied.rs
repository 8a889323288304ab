//! An apply that was: a line of the history.

use serde::Serialize;

/// Which apply it was, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stamp {
    /// Its number in this database.
    pub id: i64,
    /// When its first transaction began, in UTC: `2026-05-04T10:20:30Z`.
    pub at: String,
    /// The role that applied.
    pub by: String,
    /// The git revision of the project, where it was known.
    pub revision: Option<String>,
}

/// An apply that changed something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// Its number in this database.
    pub id: i64,
    /// When its first transaction began, in UTC: `2026-05-04T10:20:30Z`.
    pub at: String,
    /// The role that applied.
    pub by: String,
    /// The version of this program.
    pub version: String,
    /// The git revision of the project, where it was known.
    pub revision: Option<String>,
    /// How long its statements ran.
    pub milliseconds: i64,
    /// True when the database was found to be as declared afterwards.
    pub complete: bool,
    /// The statements that were committed, in order, without secrets.
    pub statements: Vec<String>,
}
