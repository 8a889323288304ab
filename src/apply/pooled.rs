//! A pooler that lends sessions by the transaction can't carry an apply: locks, settings and roles would be left behind in
//! sessions that others get.
//!
//! It shows by a session of the server that serves two of ours: while one of them is in a transaction, it has the session
//! that the other had a moment ago. What slips through is seen before each commit.

use tokio_postgres::Client;

use crate::diagnostic::{Code, Diagnostic, Result};
use crate::session::{self, Session, server_error};

/// The server's process, asked in a way that needs no prepared statement to outlive its transaction.
const PROCESS: &str = "select pg_catalog.pg_backend_pid()";

/// Refuses a connection by way of such a pooler.
pub async fn check(session: &Session) -> Result<()> {
    if session.place.address.is_none() {
        return Ok(()); // a socket of the server's own, or a pooler beside it: the same is seen before each commit
    }
    // Where the server takes no second session there is nothing to compare.
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
    Ok(rows.first().map_or(0, |row| row.get(0)))
}

/// What to say; `state` is what stays.
pub(super) fn refusal(state: &str) -> Box<Diagnostic> {
    let message = "the connection leads through a pooler that lends sessions of the server by the transaction";
    let help = format!(
        "an apply needs a session of its own, for locks, settings and roles: connect to the server itself, or to a pool \
         with `pool_mode = session`; {state}"
    );
    Box::new(Diagnostic::new(Code::Connection, message).help(help))
}
