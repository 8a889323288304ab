//! A connection that ends while a plan runs: what is known of the statement that it took with it.
//!
//! A transaction whose commit was not sent is rolled back by the server, whatever happens. For one whose commit was sent
//! the server is asked over a new connection: it remembers what became of a transaction. See `pg_xact_status` in
//! <https://www.postgresql.org/docs/current/functions-info.html>.

use std::time::Duration;

use tokio::time::{sleep, timeout};
use tokio_postgres::Error;
use tokio_postgres::error::Severity;

use crate::diagnostic::{Code, Diagnostic};
use crate::session::{self, Session, cause};

/// How long a server that went away may take to come back.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long between two tries to reach it.
const PAUSE: Duration = Duration::from_millis(500);
/// How long the rest of an ended connection may take to say why.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What was interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Interrupted {
    /// A transaction, before its commit was sent.
    Transaction,
    /// The commit of the transaction with that number.
    Commit(String),
    /// A statement outside of transactions, of that process of the server.
    Statement(i32),
}

/// True where an error ended the connection.
pub(super) fn is_lost(error: &Error) -> bool {
    let fatal = |severity| matches!(severity, Some(Severity::Fatal | Severity::Panic));
    error.as_db_error().is_none_or(|db| fatal(db.parsed_severity()))
}

/// What to say of an interruption, after the server was asked what became of it.
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

/// Why the connection ended: the server's own words, or what was seen of the line.
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

/// What became of a transaction.
async fn committed(session: &Session, id: &str) -> String {
    let sql = format!("select coalesce(pg_catalog.pg_xact_status('{id}'), 'forgotten')");
    match ask(session, &sql).await.as_deref() {
        Some("committed") => "the server says that the transaction was committed".to_owned(),
        Some("aborted") => "the server says that the transaction was not committed".to_owned(),
        Some("in progress") => "the server says that the transaction is still open: it will be rolled back".to_owned(),
        _ => "the server could not be asked, so that it is not known whether the transaction was committed".to_owned(),
    }
}

/// What is known of a statement that is its own transaction.
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

/// One value, over a connection of its own; none where the server does not come back.
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
