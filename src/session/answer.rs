//! Reads what the server answers: values, and what went wrong with a statement, as a diagnostic.

use tokio_postgres::error::ErrorPosition;
use tokio_postgres::row::RowIndex;
use tokio_postgres::types::FromSql;
use tokio_postgres::{Error, Row};

use crate::diagnostic::{Code, Diagnostic, Result, Statement};

/// What the server said, or how the connection was lost, as a fragment.
pub fn cause(error: &Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |db| db.message().to_owned())
}

/// What the server said of `sql`, at the place it named; or that the connection was lost.
pub fn server_error(error: &Error, sql: &str) -> Box<Diagnostic> {
    let Some(db) = error.as_db_error() else {
        let message = format!("the connection was lost: {error}");
        let help = "run the command again; an apply goes on from what was committed";
        return Box::new(Diagnostic::new(Code::Connection, message).help(help));
    };
    let byte = |sql: &str, at: u32| sql.char_indices().nth((at as usize).saturating_sub(1)).map(|(byte, _)| byte);
    let (sql, position) = match db.position() {
        Some(ErrorPosition::Original(at)) => (sql, byte(sql, *at)),
        // Inside a routine's body, or a statement that PostgreSQL made itself.
        Some(ErrorPosition::Internal { position, query }) => (query.as_str(), byte(query, *position)),
        None => (sql, None),
    };
    let mut message = db.message().to_owned();
    if let Some(detail) = db.detail() {
        message = format!("{message} ({})", detail.replace('\n', "; "));
    }
    // Without a place, the message would only stand there twice.
    let text = if position.is_some() { db.message().to_owned() } else { String::new() };
    let statement = Statement { sql: sql.to_owned(), position, text };
    let mut diagnostic = Diagnostic::new(Code::Server, message).statement(statement);
    if let Some(hint) = db.hint() {
        diagnostic = diagnostic.help(hint.to_owned());
    }
    Box::new(diagnostic)
}

/// Reads the value of a column of our own query.
///
/// # Errors
/// An internal error if the value is not of this type, null for instance: the server is not what it says it is, or
/// something changed its answer on the way.
pub fn cell<'a, T: FromSql<'a>>(row: &'a Row, column: impl RowIndex + std::fmt::Display) -> Result<T> {
    row.try_get(column).map_err(|error| {
        let source = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        let message = format!("the server's answer can't be read: {error}{source}");
        let help = "check that the connection leads to a PostgreSQL server, and nothing changes what it answers";
        Box::new(Diagnostic::new(Code::Internal, message).help(help))
    })
}
