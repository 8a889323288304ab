//! Reads the edges of `pg_depend` between objects that have an address.
//!
//! Some rows of `pg_depend` are about parts that have no address of their own: a column's default, a view's rewrite
//! rule, a table's row type, an array type, a constraint's index, a member of an operator class or family. The query
//! replaces each by the object that it is a part of. See
//! <https://www.postgresql.org/docs/current/catalog-pg-depend.html>.

use rustc_hash::{FxHashMap, FxHashSet};
use tokio_postgres::Row;

use crate::diagnostic::Result;
use crate::model::{Address, ObjectId, State};
use crate::session::cell;

/// Maps the class and oid of every member of an extension to those of the extension.
pub type Members = FxHashMap<(u32, u32), (u32, u32)>;

/// The address of every object, by its id.
pub type Ids = FxHashMap<ObjectId, Address>;

/// Returns the members of extensions.
pub const MEMBERS: &str =
    "select classid, objid, refclassid, refobjid from pg_depend where refclassid = 3079 and deptype = 'e'";

/// Returns which object uses which. `auto` is true if PostgreSQL drops the user by itself.
///
/// Left out are dependencies that addresses already express: on the schema of an object, of triggers on their foreign
/// key, of toast tables on their table, and between parts of the same object. Rows are looked up in `part` only where
/// that can find something: a default has a catalog of its own, and a column is no part of anything.
///
/// Before version 15, PostgreSQL silently drops a generated column along with a column in its expression. Here that
/// counts as plain use, as in newer versions, so that the plan says what it drops.
pub const EDGES: &str = "
with plain as materialized (
    select c.oid from pg_class c where c.relkind = 'c' and c.oid >= 16384
), part(classid, objid, to_class, to_oid) as materialized (
    select 2618::oid, r.oid, 1259::oid, r.ev_class from pg_rewrite r where r.rulename = '_RETURN' and r.oid >= 16384
  union all
    select 1247, t.oid, 1259, t.typrelid from pg_type t
    where t.oid >= 16384 and t.typrelid <> 0 and t.typrelid not in (select oid from plain)
  union all
    select 1247, e.typarray, r.to_class, case r.to_class when 1259 then e.typrelid else e.oid end
    from pg_type e cross join lateral (
        select case when e.typrelid <> 0 and e.typrelid not in (select oid from plain) then 1259::oid else 1247 end
    ) r(to_class)
    where e.typarray >= 16384
  union all
    select 1259, c.conindid, 2606, c.oid from pg_constraint c where c.contype in ('p', 'u', 'x')
  union all
    select 2602, m.oid, case when c.oid is null then 2753 else 2616 end, coalesce(c.oid, m.amopfamily)
    from pg_amop m left join lateral (select o.oid from pg_opclass o where o.opcfamily = m.amopfamily
                                      and o.opcintype = m.amoplefttype order by o.oid limit 1) c on true
    where m.oid >= 16384
  union all
    select 2603, m.oid, case when c.oid is null then 2753 else 2616 end, coalesce(c.oid, m.amprocfamily)
    from pg_amproc m left join lateral (select o.oid from pg_opclass o where o.opcfamily = m.amprocfamily
                                        and o.opcintype = m.amproclefttype order by o.oid limit 1) c on true
    where m.oid >= 16384
), use(classid, objid, objsubid, refclassid, refobjid, refobjsubid, auto) as (
    select 1259::oid, a.adrelid, a.adnum::int, d.refclassid, d.refobjid, d.refobjsubid, d.deptype <> 'n'
    from pg_depend d join pg_attrdef a on a.oid = d.objid
    where d.classid = 2604 and d.deptype in ('n', 'a', 'i') and d.refobjid >= 16384
      and (d.refobjsubid <> a.adnum or d.refobjid <> a.adrelid or d.refclassid <> 1259)
  union all
    select coalesce(u.to_class, d.classid), coalesce(u.to_oid, d.objid), case when u.to_oid is null then d.objsubid else 0 end,
           d.refclassid, d.refobjid, d.refobjsubid,
           d.deptype <> 'n' and d.classid not in (2602, 2603) and not (d.classid = 1259 and d.objsubid <> 0)
    from pg_depend d left join part u on u.classid = d.classid and u.objid = d.objid
    where d.classid in (1247, 1259, 2602, 2603, 2618) and d.deptype in ('n', 'a', 'i')
      and d.objid >= 16384 and d.refobjid >= 16384
      and not (d.classid in (1247, 1259) and d.refclassid = 2615)
      and not (d.classid = 1259 and d.refclassid = 1259 and d.deptype = 'i' and d.refobjsubid = 0)
  union all
    select d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid, d.deptype <> 'n'
    from pg_depend d
    where d.classid not in (1247, 1259, 2602, 2603, 2604, 2618) and d.deptype in ('n', 'a', 'i')
      and d.objid >= 16384 and d.refobjid >= 16384
      and not (d.classid = 1255 and d.refclassid = 2615)
      and not (d.classid = 2620 and d.deptype = 'i')
)
select d.classid, d.objid, d.objsubid, coalesce(r.to_class, d.refclassid), coalesce(r.to_oid, d.refobjid),
       case when r.to_oid is null then d.refobjsubid else 0 end, d.auto
from use d left join part r on r.classid = d.refclassid and r.objid = d.refobjid
where (d.objid, d.objsubid, d.classid)
      <> (coalesce(r.to_oid, d.refobjid), case when r.to_oid is null then d.refobjsubid else 0 end,
          coalesce(r.to_class, d.refclassid))";

/// A row of [`EDGES`].
#[derive(Debug, Clone, Copy)]
pub struct Dependency {
    user: ObjectId,
    used: ObjectId,
    auto: bool,
}

impl Dependency {
    /// Reads a row.
    pub fn of(row: &Row) -> Result<Self> {
        let id = |from| -> Result<ObjectId> { Ok((cell(row, from)?, cell(row, from + 1)?, cell(row, from + 2)?)) };
        Ok(Self { user: id(0)?, used: id(3)?, auto: cell(row, 6)? })
    }
}

/// Adds edges to a state that contains the objects at their ends.
pub struct Edges<'a> {
    ids: &'a Ids,
    members: &'a Members,
    seen: FxHashSet<(&'a Address, &'a Address, bool)>,
}

impl<'a> Edges<'a> {
    /// Creates edges between objects with these ids. An object that uses a member of an extension uses the extension.
    pub fn new(ids: &'a Ids, members: &'a Members) -> Self {
        Self { ids, members, seen: FxHashSet::default() }
    }

    /// Adds the edge of one row.
    ///
    /// An automatic edge to an ancestor adds nothing to what the address says. One to another object means that the
    /// user is dropped along with it; between parts of one table it counts as plain use.
    pub fn add(&mut self, Dependency { user, used, auto }: Dependency, state: &mut State) {
        let (Some(user), Some(used)) = (self.find(user), self.find(used)) else { return };
        if user.is_within(used) || !self.seen.insert((user, used, auto)) {
            return;
        }
        if auto && !shares_parent(user, used) {
            state.add_fall(user.clone(), used.clone());
        } else {
            state.add_edge(user.clone(), used.clone());
        }
    }

    /// Returns the object at an end of an edge, or the object that it is a part of.
    fn find(&self, id: ObjectId) -> Option<&'a Address> {
        let extension = || self.members.get(&(id.0, id.1)).and_then(|e| self.ids.get(&(e.0, e.1, 0)));
        self.ids.get(&id).or_else(|| self.ids.get(&(id.0, id.1, 0))).or_else(extension)
    }
}

fn shares_parent(a: &Address, b: &Address) -> bool {
    a.parent().is_some_and(|p| b.is_within(p)) && a.parent() != Some(a.top())
}
