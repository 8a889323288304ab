//! Locks: one apply runs at a time per database, and one per cluster if it changes what all databases share.
//!
//! Advisory locks are per database. The one for the cluster is taken in a database that every cluster has, over a
//! connection of its own. If the role cannot connect there, two applies that meet are recognised by their errors, and
//! the later one plans again.
//!
//! Locks are polled, never waited for: a waiting statement holds a snapshot, for which the lock holder's `create index
//! concurrently` would wait in turn.

use std::time::{Duration, Instant};

use tokio_postgres::{Client, Row};

use super::{Options, setting_error, sleep};
use crate::diagnostic::{Code, Diagnostic, Result};
use crate::session::{self, Session, cell, server_error};
use crate::sql;

/// The key of the lock for a database: the letters `dbstate` as a number.
const DATABASE: i64 = 0x0064_6273_7461_7465;
/// The key of the lock for a cluster: the letters `clusters` as a number.
const CLUSTER: i64 = 0x636c_7573_7465_7273;
/// The databases in which to take the lock for a cluster; the first that accepts a connection is used.
const COMMON: [&str; 2] = ["postgres", "template1"];
/// How long to wait for another apply.
const PATIENCE: Duration = Duration::from_mins(10);
/// How long to wait between two attempts to take the lock.
const PAUSE: Duration = Duration::from_millis(100);

/// Returns the holder of an advisory lock.
const HOLDER: &str = "
    select a.pid, a.usename::text, extract(epoch from now() - a.backend_start)::bigint
    from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'advisory' and l.granted and l.classid = ($1::bigint >> 32)::oid
      and l.objid = ($1::bigint & 4294967295)::oid
      and l.database = (select oid from pg_catalog.pg_database where datname = current_database())";

/// Observes a wait for another apply.
pub trait Wait {
    /// The wait begins; `what` describes what it waits for.
    fn begins(&mut self, what: &str);
    /// Returns `false` once the user has interrupted the wait.
    fn goes_on(&self) -> bool;
}

/// Returns the error for an apply that was interrupted.
pub fn interrupted() -> Box<Diagnostic> {
    Box::new(Diagnostic::new(Code::Lock, "interrupted").help("nothing more was done"))
}

/// Configures the session, and takes the lock that allows one apply per database. It is held until the session ends.
///
/// # Errors
/// If another apply holds the lock for ten minutes.
pub async fn lock(client: &Client, options: &Options, wait: &mut dyn Wait) -> Result<()> {
    let set = |name: &str, value: &str| format!("set {name} = {}; ", sql::literal(value));
    let settings = set("lock_timeout", &options.lock_timeout)
        + &set("statement_timeout", options.statement_timeout.as_deref().unwrap_or("0"))
        + "set search_path = ''; set check_function_bodies = off; set client_min_messages = warning; \
           set idle_in_transaction_session_timeout = 0";
    client.batch_execute(&settings).await.map_err(|e| setting_error(&e))?;
    take(client, DATABASE, "on this database", wait).await.map(|_| ())
}

/// Gives the session the `search_path` that its role has by itself, instead of the empty one that [`lock`] sets.
pub async fn take_own_path(client: &Client) -> Result<()> {
    let sql = "reset search_path";
    client.batch_execute(sql).await.map_err(|error| server_error(&error, sql))
}

/// The lock that allows one apply per cluster. It is released when the value is dropped.
pub struct ClusterLock {
    /// Whether another apply held it first, so that what was read before may have changed.
    pub waited: bool,
    _session: Session,
}

/// Takes the lock for a cluster. Returns `None` if the role can connect to no common database.
pub async fn lock_cluster(session: &Session, wait: &mut dyn Wait) -> Result<Option<ClusterLock>> {
    for name in COMMON {
        let target = session.target().with_database(name);
        if let Ok(there) = session::connect(&target, &[]).await {
            let waited = take(&there.client, CLUSTER, "on this cluster", wait).await?;
            return Ok(Some(ClusterLock { waited, _session: there }));
        }
    }
    Ok(None)
}

/// Asks for a lock until it is granted. Returns whether another session held it.
async fn take(client: &Client, key: i64, place: &str, wait: &mut dyn Wait) -> Result<bool> {
    let sql = "select pg_catalog.pg_try_advisory_lock($1)";
    let begun = Instant::now();
    let mut waited = false;
    loop {
        let row = client.query_one(sql, &[&key]).await.map_err(|error| server_error(&error, sql))?;
        if cell(&row, 0)? {
            return Ok(waited);
        }
        if !waited {
            wait.begins(&format!("another apply runs {place}{}: waiting for it", holder(client, key).await));
        }
        if begun.elapsed() > PATIENCE {
            let message = format!("another apply runs {place}, and did not end in {} minutes", PATIENCE.as_secs() / 60);
            let help = "see `pg_stat_activity` for sessions of `dbstate`: one may wait for an answer at a terminal";
            return Err(Box::new(Diagnostic::new(Code::Lock, message).help(help)));
        }
        waited = true;
        sleep(PAUSE).await;
        if !wait.goes_on() {
            return Err(interrupted());
        }
    }
}

/// Describes the holder of a lock: ` (process 123, role deploy, for 12 s)`. Returns an empty text if that is not known.
async fn holder(client: &Client, key: i64) -> String {
    let Ok(Some(row)) = client.query_opt(HOLDER, &[&key]).await else { return String::new() };
    describe(&row).unwrap_or_default()
}

fn describe(row: &Row) -> Result<String> {
    let (process, role, seconds): (i32, Option<&str>, Option<i64>) = (cell(row, 0)?, cell(row, 1)?, cell(row, 2)?);
    let role = role.map(|role| format!(", role `{role}`")).unwrap_or_default();
    let age = seconds.map(|seconds| format!(", for {seconds} s")).unwrap_or_default();
    Ok(format!(" (process {process}{role}{age})"))
}
