//! Who applies alone: one apply at a time a database, and one a cluster where it changes what all databases share.
//!
//! Advisory locks are per database. The one for the cluster is taken in a database that every cluster has, over a
//! connection of its own; where the role may not connect there, two that meet are told apart by their errors, and the
//! later one plans again.
//!
//! A lock is asked for again and again, never waited for: a waiting statement holds a snapshot, for which the other's
//! `create index concurrently` would wait in turn.

use std::time::{Duration, Instant};

use tokio_postgres::Client;

use super::{Options, setting_error, sleep};
use crate::diagnostic::{Code, Diagnostic, Result};
use crate::session::{self, Session, server_error};
use crate::sql;

/// The letters `dbstate` as a number: of the lock for a database.
const DATABASE: i64 = 0x0064_6273_7461_7465;
/// The letters `clusters` as a number: of the lock for a cluster.
const CLUSTER: i64 = 0x636c_7573_7465_7273;
/// Databases in which the lock for a cluster may be; the first that can be reached.
const COMMON: [&str; 2] = ["postgres", "template1"];
/// How long to wait for another apply.
const PATIENCE: Duration = Duration::from_mins(10);
/// How often to ask.
const PAUSE: Duration = Duration::from_millis(100);

/// Who holds an advisory lock.
const HOLDER: &str = "
    select a.pid, a.usename::text, extract(epoch from now() - a.backend_start)::bigint
    from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'advisory' and l.granted and l.classid = ($1::bigint >> 32)::oid
      and l.objid = ($1::bigint & 4294967295)::oid
      and l.database = (select oid from pg_catalog.pg_database where datname = current_database())";

/// Who waits.
pub trait Wait {
    /// Somebody is in the way; what to say of it.
    fn begins(&mut self, what: &str);
    /// False once nobody waits any more.
    fn goes_on(&self) -> bool;
}

/// Why a wait ended before its time.
pub fn interrupted() -> Box<Diagnostic> {
    Box::new(Diagnostic::new(Code::Lock, "interrupted while it waited").help("nothing more was done"))
}

/// Takes the lock that keeps applies of this database apart; it is let go with the session.
///
/// # Errors
/// When another apply holds it for ten minutes.
pub async fn lock(client: &Client, options: &Options, wait: &mut dyn Wait) -> Result<()> {
    let set = |name: &str, value: &str| format!("set {name} = {}; ", sql::literal(value));
    let settings = set("lock_timeout", &options.lock_timeout)
        + &set("statement_timeout", options.statement_timeout.as_deref().unwrap_or("0"))
        + "set search_path = ''; set check_function_bodies = off; set client_min_messages = warning; \
           set idle_in_transaction_session_timeout = 0";
    client.batch_execute(&settings).await.map_err(|e| setting_error(&e))?;
    take(client, DATABASE, "on this database", wait).await.map(|_| ())
}

/// The lock that keeps applies to one cluster apart; it is let go with this value.
pub struct ClusterLock {
    /// True where another apply had it first: what was read before may have changed.
    pub waited: bool,
    _session: Session,
}

/// Takes the lock for a cluster; none where no common database lets the role in.
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

/// Asks for a lock until it is had; true where somebody else had it.
async fn take(client: &Client, key: i64, place: &str, wait: &mut dyn Wait) -> Result<bool> {
    let sql = "select pg_catalog.pg_try_advisory_lock($1)";
    let begun = Instant::now();
    let mut waited = false;
    loop {
        let row = client.query_one(sql, &[&key]).await.map_err(|error| server_error(&error, sql))?;
        if row.get(0) {
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

/// ` (process 123, role deploy, for 12 s)`; nothing where that is not to be had.
async fn holder(client: &Client, key: i64) -> String {
    let Ok(Some(row)) = client.query_opt(HOLDER, &[&key]).await else { return String::new() };
    let (process, role, seconds): (i32, Option<String>, Option<i64>) = (row.get(0), row.get(1), row.get(2));
    let role = role.map(|role| format!(", role `{role}`")).unwrap_or_default();
    let age = seconds.map(|seconds| format!(", for {seconds} s")).unwrap_or_default();
    format!(" (process {process}{role}{age})")
}
