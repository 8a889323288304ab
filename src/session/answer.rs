//! What went wrong with a statement, as a diagnostic.

use tokio_postgres::Error;
use tokio_postgres::error::ErrorPosition;

use crate::diagnostic::{Code, Diagnostic, Statement};

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
