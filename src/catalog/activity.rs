//! Finds the sessions that hold locks on the relations that a plan touches.

use std::collections::HashMap;

use tokio_postgres::Client;

use crate::diagnostic::Result;
use crate::model::{Address, Holder, State};
use crate::session::cell;

/// Returns the locks on the given relations, with a row per relation and process.
const LOCKS: &str = "
    select l.relation, l.pid, a.usename::text, a.application_name, a.state, bool_and(l.granted),
           string_agg(distinct lower(regexp_replace(replace(l.mode, 'Lock', ''), '(?<=[a-z])(?=[A-Z])', ' ', 'g')), ', '),
           max(extract(epoch from clock_timestamp() - a.xact_start))::bigint
    from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'relation' and l.relation = any($1) and l.pid <> pg_backend_pid()
      and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
    group by 1, 2, 3, 4, 5
    order by 1, 8 desc nulls last, 2";

/// Returns the sessions that hold or await locks on relations, for the given objects or their ancestors. The session
/// with the oldest transaction comes first.
pub async fn activity<'a>(
    client: &Client,
    live: &State,
    objects: impl Iterator<Item = &'a Address>,
) -> Result<HashMap<Address, Vec<Holder>>> {
    let relations = objects.flat_map(|at| std::iter::once(at).chain(at.ancestors()));
    let oids: HashMap<u32, Address> = relations.filter_map(|at| Some((live.relation(at)?, at.clone()))).collect();
    let mut found: HashMap<Address, Vec<Holder>> = HashMap::new();
    if oids.is_empty() {
        return Ok(found);
    }
    let list: Vec<u32> = oids.keys().copied().collect();
    let rows = client.query(LOCKS, &[&list]).await.map_err(|error| super::catalog_error(&error, LOCKS))?;
    for row in rows {
        let holder = Holder {
            process: cell(&row, 1)?,
            role: cell(&row, 2)?,
            application: cell::<Option<String>>(&row, 3)?.filter(|name| !name.is_empty()),
            state: cell(&row, 4)?,
            granted: cell(&row, 5)?,
            lock: cell(&row, 6)?,
            seconds: cell(&row, 7)?,
        };
        if let Some(at) = oids.get(&cell(&row, 0)?) {
            found.entry(at.clone()).or_default().push(holder);
        }
    }
    Ok(found)
}
