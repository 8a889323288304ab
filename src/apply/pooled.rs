//! Detects poolers that lend sessions per transaction. An apply cannot run through one: its locks, settings and roles
//! would remain in sessions that the pooler lends to others.
//!
//! Such a pooler gives itself away when two of our connections get the same session of the server: while one of them is
//! in a transaction, it has the session that the other had just before. What this check misses is noticed before each
//! commit.

use tokio_postgres::Client;

use crate::diagnostic::{Code, Diagnostic, Result};
use crate::session::{self, Session, cell, server_error};

/// Returns the process id of the server's session. Sent without a prepared statement that would have to outlive its
/// transaction.
const PROCESS: &str = "select pg_catalog.pg_backend_pid()";

/// Refuses a connection through such a pooler.
pub async fn check(session: &Session) -> Result<()> {
    if session.place.address.is_none() {
        return Ok(()); // a socket of the server's own, or a pooler beside it: the same is seen before each commit
    }
    // If the server accepts no second session, there is nothing to compare with.
    let Ok(other) = session::connect(session.target(), &[]).await else { return Ok(()) };
    let first = process(&session.client).await?;
    let begin = "begin read only";
    other.client.batch_execute(begin).await.map_err(|error| server_error(&error, begin))?;
    let shared = process(&other.client).await? == first || process(&session.client).await? != first;
    let end = "rollback";
    other.client.batch_execute(end).await.map_err(|error| server_error(&error, end))?;
    if shared { Err(refusal("nothing was changed")) } else { Ok(()) }
}

async fn process(client: &Client) -> Result<i32> {
    let rows = client.query_typed(PROCESS, &[]).await.map_err(|error| server_error(&error, PROCESS))?;
    rows.first().map_or(Ok(0), |row| cell(row, 0))
}

/// Returns the error; `state` says what remains of the apply.
pub(super) fn refusal(state: &str) -> Box<Diagnostic> {
    let message = "the connection leads through a pooler that lends sessions of the server by the transaction";
    let help = format!(
        "an apply needs a session of its own, for locks, settings and roles: connect to the server itself, or to a pool \
         with `pool_mode = session`; {state}"
    );
    Box::new(Diagnostic::new(Code::Connection, message).help(help))
}
