//! Measures the relations that a plan touches.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, Row};

use crate::diagnostic::Result;
use crate::model::{Address, Size, State};
use crate::session::cell;

/// The given relations, and the tables below them: partitions and heirs.
const TREE: &str = "
    recursive tree as (select o.oid as root, o.oid from unnest($1::oid[]) o(oid)
                       union
                       select tree.root, i.inhrelid from tree join pg_inherits i on i.inhparent = tree.oid)";

/// The size in bytes, with indexes; null, which counts as 0, for a table that holds no row, however large its indexes
/// are. The functions wait behind exclusive locks.
const EXACT: &str = "case when pg_relation_size(c.oid) > 0 then pg_total_relation_size(c.oid) end";

/// The size in bytes according to the last `vacuum` or `analyze`, for tables that another session has locked; such a
/// table is in use, so it is at least one page.
const ESTIMATE: &str = "greatest(c.relpages, 1)::bigint * 8192";

/// Returns the query for bytes and estimated rows; those of partitions and heirs are added to the table above them. A
/// relation that no longer exists has no row.
fn sizes(bytes: &str) -> String {
    format!(
        "with {TREE}
         select tree.root, coalesce(sum({bytes}), 0)::bigint as bytes,
                case when bool_and(c.reltuples >= 0 or c.relkind = 'p') then sum(greatest(c.reltuples, 0))::bigint end
                  as rows
         from tree cross join lateral (select * from pg_class where oid = tree.oid offset 0) c
         where c.relkind in ('r', 'p', 'm')
         group by tree.root"
    )
}

/// Asks for the sizes: exact ones if they can be had at once, else estimates.
async fn ask(client: &Client, oids: &[u32]) -> Result<Vec<Row>> {
    let exact = sizes(EXACT);
    let lost = |error: Error| super::catalog_error(&error, &exact);
    client.batch_execute("begin read only; set local lock_timeout = '100ms'").await.map_err(lost)?;
    let rows = client.query(&exact, &[&oids]).await;
    client.batch_execute("rollback").await.map_err(lost)?;
    match rows {
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
            let estimate = sizes(ESTIMATE);
            client.query(&estimate, &[&oids]).await.map_err(|error| super::catalog_error(&error, &estimate))
        }
        rows => rows.map_err(lost),
    }
}

/// Records in `live` the sizes of the relations that the given objects are or belong to. Returns `false` if none of
/// them exists yet.
pub async fn measure<'a>(
    client: &Client,
    live: &mut State,
    objects: impl Iterator<Item = &'a Address>,
) -> Result<bool> {
    let relations = objects.flat_map(|at| std::iter::once(at).chain(at.ancestors()));
    let mut oids: Vec<u32> = relations.filter_map(|at| live.relation(at)).collect();
    oids.sort_unstable();
    oids.dedup();
    if oids.is_empty() {
        return Ok(false);
    }
    for row in ask(client, &oids).await? {
        let (root, bytes, tuples): (u32, i64, Option<i64>) = (cell(&row, 0)?, cell(&row, 1)?, cell(&row, 2)?);
        let size = Size { rows: tuples.and_then(|n| n.try_into().ok()), bytes: bytes.try_into().unwrap_or_default() };
        live.set_size(root, size);
    }
    Ok(true)
}
