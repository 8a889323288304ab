//! Handles the loss of the connection while a plan runs: finds out what became of the interrupted statement.
//!
//! The server rolls back a transaction whose commit was not sent. For one whose commit was sent, the server is asked
//! over a new connection, as it remembers the outcome of transactions. See `pg_xact_status` in
//! <https://www.postgresql.org/docs/current/functions-info.html>.

use std::time::Duration;

use tokio::time::{sleep, timeout};
use tokio_postgres::Error;
use tokio_postgres::error::Severity;

use crate::diagnostic::{Code, Diagnostic};
use crate::session::{self, Session, cause};

/// How long to wait for the server to come back.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long to wait between two attempts to reach it.
const PAUSE: Duration = Duration::from_millis(500);
/// How long to wait for the connection's task to report why it ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What the loss of the connection interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Interrupted {
    /// A transaction whose commit had not been sent.
    Transaction,
    /// The commit of the transaction with this id.
    Commit(String),
    /// A statement outside transactions, run by the server process with this id.
    Statement(i32),
}

/// Returns whether an error ended the connection.
pub(super) fn is_lost(error: &Error) -> bool {
    let fatal = |severity| matches!(severity, Some(Severity::Fatal | Severity::Panic));
    error.as_db_error().is_none_or(|db| fatal(db.parsed_severity()))
}

/// Returns the error to report, after asking the server what became of the interrupted work.
pub(super) async fn lost(session: &Session, error: &Error, what: Interrupted) -> Box<Diagnostic> {
    let why = why(session, error).await;
    let message = match what {
        Interrupted::Transaction => "the connection was lost in the middle of a transaction",
        Interrupted::Commit(_) => "the connection was lost during a commit",
        Interrupted::Statement(_) => "the connection was lost in the middle of a statement",
    };
    let known = match what {
        Interrupted::Transaction => "nothing of that transaction was committed".to_owned(),
        Interrupted::Commit(id) => committed(session, &id).await,
        Interrupted::Statement(process) => ran(session, process).await,
    };
    let help = format!("{known}; the next apply goes on from there");
    Box::new(Diagnostic::new(Code::Connection, format!("{message}: {why}")).help(help))
}

/// Returns why the connection ended: the server's message or, without one, what was observed on the connection.
async fn why(session: &Session, error: &Error) -> String {
    if error.as_db_error().is_some() {
        return cause(error);
    }
    let ended = async {
        while session.end().is_none() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    _ = timeout(LAST_WORDS, ended).await;
    session.end().map_or_else(|| cause(error), str::to_owned)
}

/// Returns what became of a transaction, in words.
async fn committed(session: &Session, id: &str) -> String {
    let sql = format!("select coalesce(pg_catalog.pg_xact_status('{id}'), 'forgotten')");
    match ask(session, &sql).await.as_deref() {
        Some("committed") => "the server says that the transaction was committed".to_owned(),
        Some("aborted") => "the server says that the transaction was not committed".to_owned(),
        Some("in progress") => "the server says that the transaction is still open: it will be rolled back".to_owned(),
        _ => "the server could not be asked, so that it is not known whether the transaction was committed".to_owned(),
    }
}

/// Returns what is known of a statement outside transactions, in words.
async fn ran(session: &Session, process: i32) -> String {
    let sql = format!(
        "select case when exists (select from pg_catalog.pg_stat_activity where pid = {process} and state = 'active')
                     then 'active' else 'ended' end"
    );
    match ask(session, &sql).await.as_deref() {
        Some("active") => format!("process {process} of the server still runs it, and the next apply waits for it"),
        Some(_) => "the server runs it no more; what it left is seen in the catalog".to_owned(),
        None => "the server could not be asked what became of it; what it left is seen in the catalog".to_owned(),
    }
}

/// Asks for one value over a new connection. Returns `None` if the server does not come back in time.
async fn ask(session: &Session, sql: &str) -> Option<String> {
    let answer = async {
        loop {
            if let Ok(again) = session::connect(session.target(), &[]).await {
                return again.client.query_one(sql, &[]).await.ok()?.get(0);
            }
            sleep(PAUSE).await;
        }
    };
    timeout(PATIENCE, answer).await.ok().flatten()
}
