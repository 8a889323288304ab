//! The edges of `pg_depend`, between objects that have an address.
//!
//! Some rows of `pg_depend` speak of parts that have no address of their own: a column's default, a view's rewrite
//! rule, a table's row type, an array type, a constraint's index, a member of an operator class or family. The query folds each into what it is a part of.
//! See <https://www.postgresql.org/docs/current/catalog-pg-depend.html>.

use std::collections::{HashMap, HashSet};

use tokio_postgres::Row;

use crate::model::{Address, ObjectId, State};

/// Class and oid of every object that belongs to an extension, with those of the extension.
pub type Members = HashMap<(u32, u32), (u32, u32)>;

/// Members of extensions.
pub const MEMBERS: &str = "select classid, objid, refclassid, refobjid from pg_depend where deptype = 'e'";

/// Who uses whom. `auto` is true where PostgreSQL drops the user by itself.
///
/// Left out is what an address says by itself: the schema of what stands in it, the triggers of a foreign key, and what
/// is kept for the same object.
pub const EDGES: &str = "
with part(classid, objid, objsubid, to_class, to_oid, to_sub) as materialized (
    select 2604::oid, d.oid, 0, 1259::oid, d.adrelid, d.adnum::int from pg_attrdef d
  union all
    select 2618, r.oid, 0, 1259, r.ev_class, 0 from pg_rewrite r where r.rulename = '_RETURN'
  union all
    select 1247, t.oid, 0, 1259, t.typrelid, 0 from pg_type t join pg_class c on c.oid = t.typrelid and c.relkind <> 'c'
  union all
    select 1247, t.oid, 0,
           case when e.typrelid <> 0 and c.relkind <> 'c' then 1259::oid else 1247::oid end,
           case when e.typrelid <> 0 and c.relkind <> 'c' then e.typrelid else e.oid end, 0
    from pg_type t join pg_type e on e.typarray = t.oid left join pg_class c on c.oid = e.typrelid
  union all
    select 1259, c.conindid, 0, 2606, c.oid, 0 from pg_constraint c where c.contype in ('p', 'u', 'x')
  union all
    select 2602, m.oid, 0, case when c.oid is null then 2753 else 2616 end, coalesce(c.oid, m.amopfamily), 0
    from pg_amop m left join lateral (select o.oid from pg_opclass o where o.opcfamily = m.amopfamily
                                      and o.opcintype = m.amoplefttype order by o.oid limit 1) c on true
    where m.oid >= 16384
  union all
    select 2603, m.oid, 0, case when c.oid is null then 2753 else 2616 end, coalesce(c.oid, m.amprocfamily), 0
    from pg_amproc m left join lateral (select o.oid from pg_opclass o where o.opcfamily = m.amprocfamily
                                        and o.opcintype = m.amproclefttype order by o.oid limit 1) c on true
    where m.oid >= 16384
)
select coalesce(u.to_class, d.classid), coalesce(u.to_oid, d.objid), coalesce(u.to_sub, d.objsubid),
       coalesce(r.to_class, d.refclassid), coalesce(r.to_oid, d.refobjid), coalesce(r.to_sub, d.refobjsubid),
       d.deptype in ('a', 'i') and d.classid not in (2602, 2603) as auto
from pg_depend d
     left join part u on u.classid = d.classid and u.objid = d.objid
     left join part r on r.classid = d.refclassid and r.objid = d.refobjid
where d.deptype in ('n', 'a', 'i') and d.objid >= 16384 and d.refobjid >= 16384
  and not (d.classid in (1247, 1255, 1259) and d.refclassid = 2615)
  and not (d.classid = 2620 and d.deptype = 'i')
  and (coalesce(u.to_oid, d.objid), coalesce(u.to_sub, d.objsubid), coalesce(u.to_class, d.classid))
      <> (coalesce(r.to_oid, d.refobjid), coalesce(r.to_sub, d.refobjsubid), coalesce(r.to_class, d.refclassid))";

/// Adds edges to a state that holds their ends.
pub struct Edges<'a> {
    ids: &'a HashMap<ObjectId, Address>,
    members: &'a Members,
    seen: HashSet<(&'a Address, &'a Address, bool)>,
}

impl<'a> Edges<'a> {
    /// Between objects with these ids. Who uses a member of an extension uses the extension.
    pub fn new(ids: &'a HashMap<ObjectId, Address>, members: &'a Members) -> Self {
        Self { ids, members, seen: HashSet::new() }
    }

    /// Adds that of one row of [`EDGES`].
    ///
    /// An automatic edge to an ancestor says no more than the address does; one to elsewhere says what an object falls
    /// with, and is an edge of use too where it names a column.
    pub fn add(&mut self, row: &Row, state: &mut State) {
        let (Some(user), Some(used)) = (self.find(row, 0), self.find(row, 3)) else { return };
        let auto: bool = row.get(6);
        if user.is_within(used) || !self.seen.insert((user, used, auto)) {
            return;
        }
        if auto && !shares_parent(user, used) {
            state.add_fall(user.clone(), used.clone());
        } else {
            state.add_edge(user.clone(), used.clone());
        }
    }

    /// The object at an end of an edge, or what it is a part of.
    fn find(&self, row: &Row, from: usize) -> Option<&'a Address> {
        let id: ObjectId = (row.get(from), row.get(from + 1), row.get(from + 2));
        let extension = || self.members.get(&(id.0, id.1)).and_then(|e| self.ids.get(&(e.0, e.1, 0)));
        self.ids.get(&id).or_else(|| self.ids.get(&(id.0, id.1, 0))).or_else(extension)
    }
}

fn shares_parent(a: &Address, b: &Address) -> bool {
    a.parent().is_some_and(|p| b.is_within(p)) && a.parent() != Some(a.top())
}
