//! Before the first statement: whether the server's lock table has room for each transaction of a plan.
//!
//! See <https://www.postgresql.org/docs/current/runtime-config-locks.html>. A transaction keeps a lock on every relation
//! that it makes, changes or drops until it ends, and most relations come with another: a toast table, an index.

use tokio_postgres::Client;

use crate::diagnostic::{Code, Diagnostic, Result};
use crate::plan::Plan;
use crate::session::server_error;

/// How many locks a relation takes, as measured on tables of a few columns.
const EACH: usize = 2;
/// No server has room for fewer.
const ALWAYS: usize = 100;

/// Refuses a plan that no transaction of this server can hold the locks for.
pub async fn check(client: &Client, plan: &Plan) -> Result<()> {
    let segments = plan.steps.chunk_by(|a, b| a.segment == b.segment);
    let needed = segments.map(|steps| steps.iter().map(|s| s.relations * EACH).sum()).max().unwrap_or(0);
    if needed <= ALWAYS {
        return Ok(());
    }
    let sql = "select current_setting('max_locks_per_transaction')::int,
                      current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int";
    let row = client.query_one(sql, &[]).await.map_err(|error| server_error(&error, sql))?;
    let number = |i: usize| usize::try_from(row.get::<_, i32>(i)).unwrap_or_default();
    let (each, sessions) = (number(0), number(1).max(1));
    if needed <= each * sessions {
        return Ok(());
    }
    let message = format!(
        "a transaction of this plan takes about {needed} locks, and the server's lock table holds {}: \
         `max_locks_per_transaction` {each} times {sessions} sessions",
        each * sessions
    );
    let help = format!(
        "set `max_locks_per_transaction` to {} or more and restart the server, or apply the project in parts; nothing was \
         changed",
        needed.div_ceil(sessions)
    );
    Err(Box::new(Diagnostic::new(Code::Refused, message).help(help)))
}
