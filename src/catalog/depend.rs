//! Reads the edges of `pg_depend` between objects that have an address.
//!
//! Some rows of `pg_depend` are about parts that have no address of their own: a column's default, a view's rewrite
//! rule, a table's row type, an array type, a constraint's index, a member of an operator class or family. Each stands
//! for the object that it is a part of. See <https://www.postgresql.org/docs/current/catalog-pg-depend.html>.

use futures_util::future::join;
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::task::{JoinHandle, spawn, yield_now};
use tokio_postgres::{Client, Row, RowStream};

use super::{Answers, BEGIN, each, lost, rows};
use crate::diagnostic::Result;
use crate::kind::{Entry, find};
use crate::model::{Address, ObjectId, State};
use crate::session::{Session, cell};

/// A row of a catalog: the oid of the catalog, and its own.
pub type Item = (u32, u32);

/// Maps every member of an extension to the extension.
pub type Members = FxHashMap<Item, Item>;

/// The address of every object, by its id.
pub type Ids = FxHashMap<ObjectId, Address>;

/// Returns the members of extensions.
pub const MEMBERS: &str =
    "select classid, objid, refclassid, refobjid from pg_depend where refclassid = 3079 and deptype = 'e'";

/// How many objects are followed before it is better to read all rows of `pg_depend`.
const NEAR: usize = 20_000;

/// Which way edges are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To what uses an object, to what uses that, and so on. What any of these uses itself counts, too.
    Users,
    /// To what an object uses, to what that uses, and so on.
    Used,
}

/// Returns which object uses which: all edges, or those that are met from some objects on.
///
/// The rows, in an order that does not matter, are of three sorts. With seven values: the user, what it uses, and whether
/// PostgreSQL drops the user by itself. Without the last: a part, and the object that it stands for. Without the last four: an
/// object that was met, at most [`NEAR`] of them and one more.
///
/// Left out are dependencies that addresses already express: on the schema of an object, of triggers on their foreign
/// key, of toast tables on their table, and between parts of the same object.
///
/// Before version 15, PostgreSQL silently drops a generated column along with a column in its expression. Here that
/// counts as plain use, as in newer versions, so that the plan says what it drops.
pub fn edges(from: Option<(&[Item], Way)>) -> String {
    let (with, met) = from.map_or_else(all, met);
    // Whether a part is at one of the ends.
    let is_end = |oid: &str, class: u32| match from {
        Some(_) => format!("{oid} in (select objid from ends where classid = {class})"),
        None => format!("{oid} >= 16384"),
    };
    let [rule, row_type, array, index, operator, function] = [
        is_end("r.oid", 2618),
        is_end("t.oid", 1247),
        is_end("e.typarray", 1247),
        is_end("c.conindid", 1259),
        is_end("m.oid", 2602),
        is_end("m.oid", 2603),
    ];
    format!(
        "{with}
    select 2618::oid, r.oid, 0, 1259::oid, r.ev_class, 0, null::bool from pg_rewrite r
    where r.rulename = '_RETURN' and {rule}
  union all
    select 1247, t.oid, 0, 1259, t.typrelid, 0, null from pg_type t join pg_class c on c.oid = t.typrelid
    where c.relkind <> 'c' and {row_type}
  union all
    select 1247, e.typarray, 0, case when c.relkind <> 'c' then 1259 else 1247 end,
           case when c.relkind <> 'c' then c.oid else e.oid end, 0, null
    from pg_type e left join pg_class c on c.oid = e.typrelid where {array}
  union all
    select 1259, c.conindid, 0, 2606, c.oid, 0, null from pg_constraint c
    where c.contype in ('p', 'u', 'x') and {index}
  union all
    select 2602, m.oid, 0, case when c.oid is null then 2753 else 2616 end, coalesce(c.oid, m.amopfamily), 0, null
    from pg_amop m left join lateral (select o.oid from pg_opclass o where o.opcfamily = m.amopfamily
                                      and o.opcintype = m.amoplefttype order by o.oid limit 1) c on true
    where {operator}
  union all
    select 2603, m.oid, 0, case when c.oid is null then 2753 else 2616 end, coalesce(c.oid, m.amprocfamily), 0, null
    from pg_amproc m left join lateral (select o.oid from pg_opclass o where o.opcfamily = m.amprocfamily
                                        and o.opcintype = m.amproclefttype order by o.oid limit 1) c on true
    where {function}
  union all
    select 1259, a.adrelid, a.adnum, d.refclassid, d.refobjid, d.refobjsubid, d.deptype <> 'n'
    from dep d join pg_attrdef a on a.oid = d.objid
    where d.classid = 2604 and d.deptype in ('n', 'a', 'i') and d.refobjid >= 16384
      and (d.refobjsubid <> a.adnum or d.refobjid <> a.adrelid or d.refclassid <> 1259)
  union all
    select d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid,
           d.deptype <> 'n' and d.classid not in (2602, 2603) and not (d.classid = 1259 and d.objsubid <> 0)
    from dep d
    where d.classid in (1247, 1259, 2602, 2603, 2618) and d.deptype in ('n', 'a', 'i')
      and d.objid >= 16384 and d.refobjid >= 16384
      and not (d.classid in (1247, 1259) and d.refclassid = 2615)
      and not (d.classid in (1247, 2618) and d.deptype = 'i')
      and not (d.classid = 1259 and d.refclassid in (1259, 2606) and d.deptype = 'i' and d.refobjsubid = 0)
  union all
    select d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid, d.deptype <> 'n'
    from dep d
    where d.classid not in (1247, 1259, 2602, 2603, 2604, 2618) and d.deptype in ('n', 'a', 'i')
      and d.objid >= 16384 and d.refobjid >= 16384
      and not (d.classid = 1255 and d.refclassid = 2615)
      and not (d.classid = 2620 and d.deptype = 'i')
  {met}"
    )
}

/// Returns how the query for all edges begins, and nothing that follows.
fn all() -> (String, String) {
    ("with dep as (select * from pg_depend)".to_owned(), String::new())
}

/// Returns how the query for the edges that are met from some objects on begins, and the rows that follow.
///
/// A schema is not followed to what addresses say is in it. A part is followed to what it is a part of, and the other way
/// round, whatever the way; an operator class to its family, whose members count as its own.
fn met((items, way): (&[Item], Way)) -> (String, String) {
    let list = |of: fn(&Item) -> u32| {
        let texts: Vec<String> = items.iter().map(|item| of(item).to_string()).collect();
        format!("'{{{}}}'::oid[]", texts.join(","))
    };
    let (classes, oids) = (list(|item| item.0), list(|item| item.1));
    let is_part = "(d.deptype = 'i' or d.deptype = 'a' and d.classid in (2602, 2603, 2604)
                or d.classid = 2616 and d.refclassid = 2753)";
    // Of what uses a schema, what is not in it.
    let is_outside = |used: &str| format!("({used}.classid <> 2615 or d.classid not in (1247, 1255, 1259))");
    let (outside_reached, outside_met) = (is_outside("r"), is_outside("met"));
    let limit = NEAR + 1;
    let are_few = format!("(select count(*) from met) < {limit}");
    let (to_user, to_used, by_used) = match way {
        Way::Users => ("true", is_part, "true"),
        Way::Used => (is_part, "true", "false"),
    };
    let with = format!(
        "with recursive reach(classid, objid) as (
    select * from unnest({classes}, {oids})
  union
    select n.* from reach r cross join lateral (
        (select d.classid, d.objid from pg_depend d
         where d.refclassid = r.classid and d.refobjid = r.objid and d.objid >= 16384
           and {outside_reached} and {to_user})
      union all
        (select d.refclassid, d.refobjid from pg_depend d
         where d.classid = r.classid and d.objid = r.objid and d.refobjid >= 16384 and d.refclassid <> 2615 and {to_used})
    ) n
), met as materialized (
    select * from reach limit {limit}
), dep as materialized (
    select d.* from met cross join lateral (
        select * from pg_depend d where d.classid = met.classid and d.objid = met.objid offset 0
    ) d where {are_few}
  union
    select d.* from met cross join lateral (
        select * from pg_depend d where d.refclassid = met.classid and d.refobjid = met.objid
           and {outside_met} offset 0
    ) d where {are_few} and {by_used}
), ends as materialized (
    select classid, objid from dep union select refclassid, refobjid from dep
)"
    );
    (with, "union all select classid, objid, 0, null, null, null, null from met".to_owned())
}

/// Where it is read which object uses which.
#[derive(Debug)]
pub struct EdgeSource {
    members: Members,
    second: Second,
}

/// A second session, in the snapshot of the objects that were read.
#[derive(Debug)]
enum Second {
    /// The server had none to give, or has ended it.
    None,
    Idle(Box<Session>),
    /// It reads what leads to users.
    Busy(JoinHandle<Option<(Box<Session>, Dependencies)>>),
}

impl EdgeSource {
    /// Edges between members of extensions and other objects that were read, with a second session in the snapshot of the
    /// objects, if there is one.
    pub(super) fn new(members: Members, second: Option<Session>) -> Self {
        Self { members, second: second.map(Box::new).map_or(Second::None, Second::Idle) }
    }

    /// Has the second session, if there is one, read what leads from some objects to their users, while others go on.
    pub async fn begin(&mut self, from: Vec<Item>) {
        self.second = match std::mem::replace(&mut self.second, Second::None) {
            Second::Idle(second) => Second::Busy(spawn(async move {
                let read = Dependencies::read(&second.client, Some((&from, Way::Users))).await.ok()?;
                Some((second, read))
            })),
            other => other,
        };
        // The question is sent as soon as others may run.
        yield_now().await;
    }

    /// Waits for what [`begin`](Self::begin) asked for; `None` if it was not called, or the server has ended the session.
    pub async fn end(&mut self) -> Option<Dependencies> {
        let Second::Busy(reading) = &mut self.second else { return None };
        let read = reading.await.ok().flatten();
        self.second = Second::None;
        let (second, read) = read?;
        self.second = Second::Idle(second);
        Some(read)
    }

    /// Returns whether a second session reads them.
    pub fn is_apart(&self) -> bool {
        !matches!(self.second, Second::None)
    }

    /// Reads all edges, or those that are met from some objects on, in one round trip. What was begun is to be ended before.
    ///
    /// Without a second session `client` reads them in another snapshot than the objects: what a session changed between the two
    /// is seen in part. An apply reads all in one.
    pub async fn read(&mut self, client: &Client, from: Option<(&[Item], Way)>) -> Result<Dependencies> {
        if let Second::Idle(second) = &self.second {
            match Dependencies::read(&second.client, from).await {
                Ok(read) => return Ok(read),
                Err(_) => self.second = Second::None,
            }
        }
        let sql = edges(from);
        let begin = client.batch_execute(BEGIN);
        let reading = async {
            let mut answers = Answers::of(client, [&*sql, "commit"]);
            let read = Dependencies::take(&sql, answers.next().await?).await?;
            each("commit", answers.next().await?, |_| Ok(())).await?;
            Ok(read)
        };
        let (begun, read) = join(begin, reading).await;
        begun.map_err(|e| lost(&e))?;
        read
    }

    /// Adds edges to a state that contains the objects at their ends.
    pub fn add(&self, read: &Dependencies, state: &mut State, register: &'static [Entry]) {
        let ends = read.ends(&self.members);
        let mut ids = Ids::default();
        for (at, object) in state.iter() {
            let id = object.origin.id().filter(|id| ends.contains(&(id.0, id.1)));
            if let Some(id) = id.filter(|_| find(register, at.kind()).rules.class != 0) {
                ids.insert(id, at.clone());
            }
        }
        read.add_to(state, &ids, &self.members);
    }
}

impl Drop for EdgeSource {
    fn drop(&mut self) {
        if let Second::Busy(reading) = &self.second {
            reading.abort();
        }
    }
}

/// What the rows of [`edges`] say.
#[derive(Debug, Default)]
pub struct Dependencies {
    uses: Vec<Use>,
    parts: FxHashMap<Item, Item>,
    met: FxHashSet<Item>,
}

#[derive(Debug)]
struct Use {
    user: ObjectId,
    used: ObjectId,
    auto: bool,
}

impl Dependencies {
    /// Reads edges in a snapshot that has begun.
    async fn read(client: &Client, from: Option<(&[Item], Way)>) -> Result<Self> {
        let sql = edges(from);
        Self::take(&sql, rows(client, &sql).await?).await
    }

    /// Takes the rows of the query.
    pub async fn take(sql: &str, rows: RowStream) -> Result<Self> {
        let mut read = Self::default();
        each(sql, rows, |row| read.row(row)).await?;
        Ok(read)
    }

    fn row(&mut self, row: &Row) -> Result<()> {
        let user = (cell(row, 0)?, cell(row, 1)?, cell(row, 2)?);
        let item = (user.0, user.1);
        let Some(class) = cell(row, 3)? else {
            self.met.insert(item);
            return Ok(());
        };
        let used = (class, cell(row, 4)?, cell(row, 5)?);
        match cell(row, 6)? {
            Some(auto) => self.uses.push(Use { user, used, auto }),
            None => drop(self.parts.insert(item, (used.0, used.1))),
        }
        Ok(())
    }

    /// Takes the objects that were met; `None` if there are too many, whose edges were then not read.
    pub fn take_met(&mut self) -> Option<FxHashSet<Item>> {
        Some(std::mem::take(&mut self.met)).filter(|met| met.len() <= NEAR)
    }

    /// Adds what other rows say.
    pub fn extend(&mut self, other: Self) {
        self.uses.extend(other.uses);
        self.parts.extend(other.parts);
    }

    /// Returns what is at an end of an edge, or stands for what is.
    fn ends(&self, members: &Members) -> FxHashSet<Item> {
        let uses = self.uses.iter().flat_map(|edge| [edge.user, edge.used]).map(|id| (id.0, id.1));
        uses.chain(self.parts.values().copied()).chain(members.values().copied()).collect()
    }

    /// Adds the edges to a state that contains objects with these ids. An object that uses a member of an extension uses the
    /// extension.
    ///
    /// An automatic edge to an ancestor adds nothing to what the address says. One to another object means that the
    /// user is dropped along with it; between parts of one table it counts as plain use.
    pub fn add_to(&self, state: &mut State, ids: &Ids, members: &Members) {
        let mut seen: FxHashSet<(&Address, &Address, bool)> = FxHashSet::default();
        for Use { user, used, auto } in &self.uses {
            let ends = self.find(*user, ids, members).zip(self.find(*used, ids, members));
            let Some((user, used)) = ends.filter(|(user, used)| !user.is_within(used)) else { continue };
            if !seen.insert((user, used, *auto)) {
                continue;
            }
            if *auto && !shares_parent(user, used) {
                state.add_fall(user.clone(), used.clone());
            } else {
                state.add_edge(user.clone(), used.clone());
            }
        }
        state.sort_edges();
    }

    /// Returns the object at an end of an edge, or the object that it is a part of.
    fn find<'a>(&self, id: ObjectId, ids: &'a Ids, members: &Members) -> Option<&'a Address> {
        let mut id = id;
        while let Some((class, oid)) = self.parts.get(&(id.0, id.1)) {
            id = (*class, *oid, 0);
        }
        let extension = || members.get(&(id.0, id.1)).and_then(|e| ids.get(&(e.0, e.1, 0)));
        ids.get(&id).or_else(|| ids.get(&(id.0, id.1, 0))).or_else(extension)
    }
}

fn shares_parent(a: &Address, b: &Address) -> bool {
    a.parent().is_some_and(|p| b.is_within(p)) && a.parent() != Some(a.top())
}
