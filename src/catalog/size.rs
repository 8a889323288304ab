//! How much relations hold, asked only of those that a plan touches.

use tokio_postgres::Client;

use crate::diagnostic::Result;
use crate::model::{Address, Origin, Size, State};

/// Bytes and estimated rows, partitions added to the table above them. A relation that is gone has no row.
///
/// `pg_relation_size` is 0 only for a table that has never held a row, or was truncated: bytes of an empty one are 0
/// here, whatever its indexes take.
const SIZES: &str = "
    with tree as (select o.oid as root, o.oid from unnest($1::oid[]) o(oid)
                  union
                  select o.oid, t.relid from unnest($1::oid[]) o(oid), lateral pg_partition_tree(o.oid) t)
    select tree.root,
           coalesce(sum(case when pg_relation_size(c.oid) > 0 then pg_total_relation_size(c.oid) end), 0)::bigint as bytes,
           case when bool_and(c.reltuples >= 0 or c.relkind = 'p') then sum(greatest(c.reltuples, 0))::bigint end as rows
    from tree join pg_class c on c.oid = tree.oid
    where c.relkind in ('r', 'p', 'm')
    group by tree.root";

/// Notes in `live` how much the relations hold that these objects are, or stand under.
pub async fn measure<'a>(client: &Client, live: &mut State, objects: impl Iterator<Item = &'a Address>) -> Result<()> {
    let oid = |at: &Address| match live.get(at)?.origin {
        Origin::Catalog { class: 1259, oid, sub: 0 } => Some(oid),
        Origin::Catalog { .. } | Origin::File { .. } | Origin::Derived(_) => None,
    };
    let mut oids: Vec<u32> = objects.flat_map(|at| std::iter::once(at).chain(at.ancestors())).filter_map(oid).collect();
    oids.sort_unstable();
    oids.dedup();
    if oids.is_empty() {
        return Ok(());
    }
    let rows = client.query(SIZES, &[&oids]).await.map_err(|error| super::catalog_error(&error, SIZES))?;
    for row in rows {
        let (root, bytes, tuples): (u32, i64, Option<i64>) = (row.get(0), row.get(1), row.get(2));
        let size = Size { rows: tuples.and_then(|n| n.try_into().ok()), bytes: bytes.try_into().unwrap_or_default() };
        live.set_size(root, size);
    }
    Ok(())
}
