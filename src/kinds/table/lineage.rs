//! The tables above and below a table: partitioning and inheritance.
//!
//! See <https://www.postgresql.org/docs/current/ddl-partitioning.html> and
//! <https://www.postgresql.org/docs/current/ddl-inherit.html>.

use std::collections::HashMap;

use super::only::is_only;
use super::part::joining;
use super::{Attached, Table, Words, carry, checks_above, detach};
use crate::diagnostic::{Code, Diagnostics, Problem};
use crate::kind::{Cx, Kind, RELATION, References};
use crate::kinds::check::Check;
use crate::kinds::column::Column;
use crate::kinds::exclusion::Exclusion;
use crate::kinds::foreign_key::ForeignKey;
use crate::kinds::foreign_table::ForeignTable;
use crate::kinds::index::{Index, indexes_to_drop, is_apart};
use crate::kinds::not_null::NotNull;
use crate::kinds::part::convert::is_another;
use crate::kinds::primary_key::PrimaryKey;
use crate::kinds::schema::Schema;
use crate::kinds::unique::Unique;
use crate::model::{Address, HazardClass, Lock, State, Step};
use crate::sql;

/// The tables right below one. Not compared: it follows from them.
#[derive(Debug, Clone, Default, Eq)]
pub struct Heirs(Vec<Address>);

impl PartialEq for Heirs {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

/// Returns the declared table that continues the live `table`, whose name and whose schema's name may have changed.
pub fn renamed(table: &Address, desired: &State) -> Option<Address> {
    let was = |at: &Address, old: &Address| desired.get(at).and_then(|o| o.was()) == Some(old.key());
    let schema = table.parent()?;
    let schema = if desired.contains(schema) {
        schema.clone()
    } else {
        desired.of_kind(schema.kind()).into_iter().find(|at| was(at, schema))?
    };
    let same = schema.child(table.kind(), table.key());
    let other =
        || desired.children(&schema).into_iter().find(|at| at.kind() == table.kind() && was(at, table)).cloned();
    if desired.contains(&same) { Some(same) } else { other() }
}

/// What a table or a foreign table says of those above it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The table it is a partition of.
    pub partition_of: Option<&'a String>,
    /// Which rows it holds as a partition.
    pub bounds: Option<&'a Words>,
    /// The tables that it inherits from, in order.
    pub inherits: &'a [String],
}

impl<'a> Place<'a> {
    /// Returns the names of the tables directly above.
    pub(super) fn names(self) -> impl Iterator<Item = &'a String> {
        self.partition_of.into_iter().chain(self.inherits)
    }

    /// Returns whether it is the default partition.
    pub fn is_default(self) -> bool {
        self.bounds.is_some_and(|bounds| bounds.as_str() == "default")
    }

    /// Returns which rows it holds as a partition, as a statement says it.
    pub fn bound_words(self) -> Option<String> {
        let word = if self.is_default() { "" } else { "for " };
        Some(format!("{word}{}", self.bounds?))
    }

    /// Returns the statement that makes `table` the partition at this place.
    pub fn attach_sql(self, table: &str) -> Option<String> {
        let parent = self.partition_of?;
        Some(format!("alter table {parent} attach partition {table} {}", self.bound_words()?))
    }

    /// Returns whether this is a live partition whose `detach … concurrently` was interrupted: the catalog query gives
    /// it no bounds.
    pub fn is_half_detached(self) -> bool {
        self.partition_of.is_some() && self.bounds.is_none()
    }

    /// Adds references to the tables above.
    pub fn references(self, out: &mut References) {
        if let Some(parent) = self.partition_of {
            out.name(RELATION, parent, "partition_of");
        }
        for parent in self.inherits {
            out.name(RELATION, parent, "inherits");
        }
        if let Some(bounds) = self.bounds {
            out.text(bounds.as_str(), "for");
        }
    }

    /// Returns the problems of fields that contradict each other.
    pub fn check(self) -> Vec<(Problem, &'static str)> {
        let wrong = |message: &str, help: &str| Problem::new(Code::WrongType, message).help(help);
        let mut problems = Vec::new();
        if self.partition_of.is_some() && self.bounds.is_none() {
            let help = "write which rows it holds: `for: values from (1) to (10)`, or `for: default`";
            problems.push((wrong("a partition does not say which rows it holds", help), "partition_of"));
        }
        if self.bounds.is_some() && self.partition_of.is_none() {
            let help = "name the table: `partition_of: shop.orders`";
            problems.push((wrong("`for` stands on a table that is no partition", help), "for"));
        }
        if self.partition_of.is_some() && !self.inherits.is_empty() {
            problems.push((wrong("a partition inherits from one table only", "remove `inherits`"), "inherits"));
        }
        problems
    }
}

/// Returns the columns of a catalog query that say what is above the relation with the alias `c`.
pub fn place_of(c: &str) -> String {
    let above = format!(
        "(select jsonb_agg(quote_ident(hn.nspname) || '.' || quote_ident(h.relname) order by i.inhseqno)
          from pg_inherits i join pg_class h on h.oid = i.inhparent join pg_namespace hn on hn.oid = h.relnamespace
          where i.inhrelid = {c}.oid)"
    );
    format!(
        "case when {c}.relispartition then {above}->>0 end as partition_of,
         case when {c}.relispartition and {c}.oid not in (select i.inhrelid from pg_inherits i where i.inhdetachpending)
              then pg_get_expr({c}.relpartbound, {c}.oid) end as \"for\",
         case when not {c}.relispartition and {c}.oid in (select i.inhrelid from pg_inherits i)
              then {above} end as inherits"
    )
}

/// Returns the addresses of all tables and foreign tables.
pub fn tables(state: &State) -> Vec<Address> {
    [Table::NAME, ForeignTable::NAME].into_iter().flat_map(|kind| state.of_kind(kind)).collect()
}

/// Returns what the table or foreign table at `at` says about the tables above it.
pub(super) fn place<'a>(at: &Address, state: &'a State) -> Option<Place<'a>> {
    let table = state.spec::<Table>(at).map(Table::place);
    table.or_else(|| state.spec::<ForeignTable>(at).map(ForeignTable::place))
}

/// Sets which tables the one at `at` names as those above it.
fn set_place(at: &Address, partition_of: Option<String>, inherits: Vec<String>, state: &mut State) {
    if let Some(table) = state.spec::<Table>(at) {
        let table = Table { partition_of, inherits, ..table.clone() };
        state.set(at, table);
    } else if let Some(table) = state.spec::<ForeignTable>(at) {
        let table = ForeignTable { partition_of, inherits, ..table.clone() };
        state.set(at, table);
    }
}

/// Returns the address that a table name stands for, as seen from `at`.
fn address(name: &str, at: &Address, state: &State) -> Option<Address> {
    let mut parts = sql::split_name(name)?;
    let table = parts.pop()?;
    let schema = parts.pop().unwrap_or_else(|| at.top().key().to_owned());
    let schema = Address::root(Schema::NAME, &schema);
    let foreign = schema.child(ForeignTable::NAME, &table);
    Some(if state.contains(&foreign) { foreign } else { schema.child(Table::NAME, &table) })
}

/// Returns the tables directly above a table that exist in the same state, in order.
pub fn parents(at: &Address, state: &State) -> Vec<Address> {
    let Some(place) = place(at, state) else { return Vec::new() };
    place.names().filter_map(|name| address(name, at, state)).filter(|p| state.contains(p)).collect()
}

/// Returns all tables above a table, however far.
pub fn above(at: &Address, state: &State) -> Vec<Address> {
    let parents = parents(at, state);
    let higher: Vec<Address> = parents.iter().flat_map(|parent| above(parent, state)).collect();
    parents.into_iter().chain(higher).collect()
}

/// Returns the table itself and the tables that it is a partition of, from the bottom up. It has parts of
/// their indexes and keys.
pub fn line_of(at: &Address, state: &State) -> Vec<Address> {
    let mut list = vec![at.clone()];
    if is_partition(at, state) {
        list.extend(parents(at, state).iter().flat_map(|p| line_of(p, state)));
    }
    list
}

/// Returns the tables directly below a table.
pub fn heirs<'a>(at: &Address, state: &'a State) -> &'a [Address] {
    let Some(object) = state.get(at) else { return &[] };
    let spec = object.as_written().as_any();
    let table = spec.downcast_ref::<Table>().map(|t| &t.heirs);
    table.or_else(|| spec.downcast_ref::<ForeignTable>().map(|t| &t.heirs)).map_or(&[], |heirs| &heirs.0)
}

/// Returns whether the table at `at` is a partition.
pub fn is_partition(at: &Address, state: &State) -> bool {
    place(at, state).is_some_and(|p| p.partition_of.is_some())
}

/// Returns whether `below` is below `at`, however deep.
pub fn is_sprung_from(below: &Address, at: &Address, state: &State) -> bool {
    parents(below, state).iter().any(|p| p == at || is_sprung_from(p, at, state))
}

/// Returns all tables below `at`, however deep.
pub fn sprung_from(at: &Address, state: &State) -> Vec<Address> {
    tables(state).into_iter().filter(|below| is_sprung_from(below, at, state)).collect()
}

/// Returns the live tables below the object's table that leave one above them. They do before a column of the table changes,
/// so that their own stay as they are, or change with this one alone.
pub fn leaving_below(cx: &Cx<'_>) -> Vec<Address> {
    let Some(table) = cx.at.parent().filter(|table| !heirs(table, cx.live).is_empty()) else { return Vec::new() };
    let leaves = |heir: &Address| {
        let stay = parents(heir, cx.desired);
        cx.desired.contains(heir) && parents(heir, cx.live).iter().any(|parent| !stay.contains(parent))
    };
    let mut leaving = sprung_from(table, cx.live);
    leaving.retain(leaves);
    leaving
}

/// Qualifies the names of the tables above, reports circles, and notes which tables are below which.
pub fn complete(desired: &mut State, problems: &mut Diagnostics) {
    for at in tables(desired) {
        let Some(place) = place(&at, desired).filter(|p| p.names().next().is_some()) else { continue };
        let full = |name: &String| address(name, &at, desired).map_or_else(|| name.clone(), |a| sql::dotted(a.path()));
        let (partition_of, inherits) = (place.partition_of.map(full), place.inherits.iter().map(full).collect());
        set_place(&at, partition_of, inherits, desired);
    }
    for at in tables(desired) {
        if is_below_itself(&at, desired) {
            let problem = Problem::new(Code::Refused, format!("{at} stands below itself"))
                .help("break the circle of `partition_of` and `inherits`");
            let span = desired.get(&at).and_then(|o| o.origin.span());
            problems.push(span.map_or_else(|| problem.clone().into(), |s| problem.clone().at(s, "")));
            set_place(&at, None, Vec::new(), desired);
        }
    }
    note(desired);
}

fn is_below_itself(at: &Address, state: &State) -> bool {
    let mut seen = Vec::new();
    let mut queue = parents(at, state);
    while let Some(next) = queue.pop() {
        if next == *at {
            return true;
        }
        if !seen.contains(&next) {
            queue.extend(parents(&next, state));
            seen.push(next);
        }
    }
    false
}

/// Notes for each table which tables are directly below it, with an edge from each of these to it.
pub fn note(state: &mut State) {
    let mut heirs: HashMap<Address, Vec<Address>> = HashMap::new();
    for at in tables(state) {
        for parent in parents(&at, state) {
            state.add_edge(at.clone(), parent.clone());
            heirs.entry(parent).or_default().push(at.clone());
        }
    }
    for (at, heirs) in heirs {
        let heirs = Heirs(heirs);
        if let Some(table) = state.spec::<Table>(&at) {
            let table = Table { heirs, ..table.clone() };
            state.set(&at, table);
        } else if let Some(table) = state.spec::<ForeignTable>(&at) {
            let table = ForeignTable { heirs, ..table.clone() };
            state.set(&at, table);
        }
    }
}

/// Returns whether its table, or a partition of it, is partitioned by a column.
pub fn is_key(column: &Address, state: &State) -> bool {
    let Some(table) = column.parent() else { return false };
    let by = state.spec::<Table>(table).and_then(|t| t.partition_by.as_ref());
    let names = |text: &str| sql::tokens(text).iter().skip(1).any(|t| t.name().is_some_and(|n| n == column.key()));
    let same = |heir: &Address| heir.child(Column::NAME, column.key());
    by.is_some_and(|by| names(by.as_str()))
        || heirs(table, state).iter().any(|heir| is_partition(heir, state) && is_key(&same(heir), state))
}

/// Notes that a part of an index or constraint is dropped along with the one above that it is a part of. If its table
/// leaves the table above, an edge says instead that this happens before the one above is dropped.
pub fn note_parts(live: &mut State, desired: &State) {
    if tables(live).iter().all(|table| parents(table, live).is_empty()) {
        return;
    }
    for at in live.iter().filter(|(at, _)| is_part(at, live)).map(|(at, _)| at.clone()).collect::<Vec<_>>() {
        for (heir, their, stays) in wholes(&at, live, desired) {
            live.add_edge(if stays { at.clone() } else { heir }, their.clone());
            if stays {
                live.add_fall(at.clone(), their);
            }
        }
    }
}

/// Returns what a live index or constraint is a part of, right above and further up, with the heir of that table through which
/// it is, and whether this stays so. Nothing is further up for a table that leaves.
fn wholes(at: &Address, live: &State, desired: &State) -> Vec<(Address, Address, bool)> {
    let mut out = Vec::new();
    let mut heirs: Vec<Address> = at.parent().cloned().into_iter().collect();
    while let Some(heir) = heirs.pop() {
        for above in parents(&heir, live) {
            // A table that is dropped takes its parts along, whenever that is.
            let stays = !desired.contains(&heir) || parents(&heir, desired).contains(&above);
            let theirs = live.children(&above).into_iter().filter(|their| makes(their, at, live));
            out.extend(theirs.map(|their| (heir.clone(), their.clone(), stays)));
            if stays {
                heirs.push(above);
            }
        }
    }
    out
}

/// Returns whether a live index or constraint is a part of one of a table above.
pub fn is_part(at: &Address, live: &State) -> bool {
    let attached = live
        .spec::<Index>(at)
        .map(|i| i.attached)
        .or_else(|| live.spec::<PrimaryKey>(at).map(|k| k.attached))
        .or_else(|| live.spec::<Unique>(at).map(|u| u.attached))
        .or_else(|| live.spec::<Exclusion>(at).map(|e| e.attached))
        .or_else(|| live.spec::<ForeignKey>(at).map(|f| f.attached))
        .or_else(|| live.spec::<Check>(at).map(|c| c.attached));
    attached.is_some_and(|a| !matches!(a, Attached::No))
}

/// Returns whether `at` is a part of `their`, an object of the table above.
pub fn makes(their: &Address, at: &Address, live: &State) -> bool {
    if their.kind() != at.kind() {
        return false;
    }
    match (live.spec::<Index>(their), live.spec::<Index>(at)) {
        (Some(a), Some(b)) => a.is_defined_as(b),
        _ if at.kind() == PrimaryKey::NAME => true,
        _ if at.kind() == Check::NAME => their.key() == at.key(),
        _ if at.kind() == Unique::NAME => {
            live.spec::<Unique>(their).zip(live.spec::<Unique>(at)).is_some_and(|(a, b)| a.is_defined_as(b))
        }
        _ => live.get(their).zip(live.get(at)).is_some_and(|(a, b)| a.spec.same(&*b.spec)),
    }
}

/// Notes which live tables are partitioned by a column whose type changes or is rebuilt (`rekeyed`): PostgreSQL cannot
/// change the type of such a column.
pub fn note_keys(live: &mut State, desired: &State) {
    let is_retyped = |at: &Address| {
        let columns = live.spec::<Column>(at).zip(desired.spec::<Column>(at));
        let other = |old: &Column, new: &Column| new.changes_type(old) || is_another(&old.data_type, live, desired);
        columns.is_some_and(|(old, new)| other(old, new)) && is_key(at, live)
    };
    let is_rekeyed = |table: &&Address| {
        let has_keys = live.spec::<Table>(table).is_some_and(|t| t.partition_by.is_some());
        let columns = || live.children_of::<Column>(table, Column::NAME).into_iter();
        has_keys && !is_partition(table, live) && columns().any(|(at, _)| is_retyped(at))
    };
    let rekeyed: Vec<Address> = live.of_kind(Table::NAME).iter().filter(is_rekeyed).cloned().collect();
    for at in rekeyed {
        if let Some(table) = live.spec::<Table>(&at) {
            let table = Table { rekeyed: true, ..table.clone() };
            live.set(&at, table);
        }
    }
}

/// Returns `attach partition`, which runs once everything exists that the partition must bring along.
pub fn attach(place: Place<'_>, cx: &Cx<'_>) -> Option<Step> {
    let sql = place.attach_sql(&cx.identity())?;
    let needs = brought(cx).into_iter().chain(columns_above(cx)).chain(leaving(cx)).chain(indexes_to_drop(cx.at, cx));
    let later = incomplete_above(cx).into_iter().chain(keys_apart(cx));
    Some(sees_default(Step::new(sql).lock(Lock::AccessExclusive).needs(needs).precedes(later), cx))
}

/// Returns `step`, which makes a table a partition, with what it costs to look through the default partition for rows that
/// belong there. See <https://www.postgresql.org/docs/current/sql-altertable.html>.
pub fn sees_default(step: Step, cx: &Cx<'_>) -> Step {
    let is_default = |at: &Address, state: &State| place(at, state).is_some_and(Place::is_default);
    let above = parents(cx.at, cx.desired);
    let beside = above.iter().flat_map(|table| heirs(table, cx.live)).filter(|heir| *heir != cx.at);
    let mut defaults = beside.filter(|heir| is_default(heir, cx.live) && is_default(heir, cx.desired));
    defaults.next().into_iter().fold(step, |step, at| {
        let cost = format!("scans {at}, the default partition, while its readers and writers wait");
        cx.reads_rows_of(at, step.reads([at.clone()]), &cost)
    })
}

/// Returns the new indexes and keys of the tables above that are to lack parts. They are created after the partition is
/// attached, which would give them one.
fn incomplete_above(cx: &Cx<'_>) -> Vec<Address> {
    let tables = above(cx.at, cx.desired);
    let indexes = tables.iter().flat_map(|table| cx.desired.children(table));
    indexes.filter(|at| is_only(at, cx.desired) && !is_only(at, cx.live)).cloned().collect()
}

/// Returns statements that add the checks of the tables above, which a table needs before it is put below them and does
/// not have yet.
fn checks_to_share(cx: &Cx<'_>) -> Vec<Step> {
    let stands = cx.address_as_read();
    let lacks = |name: &str| {
        let has = |table: &Address, state: &State| state.contains(&table.child(Check::NAME, name));
        !has(cx.at, cx.desired) && (has(cx.at, cx.live) || !stands.is_some_and(|table| has(table, cx.whole)))
    };
    let lacking = checks_above(cx.at, cx).into_iter().filter(|(_, theirs)| lacks(theirs.key()));
    lacking
        .map(|(words, theirs)| {
            Step::new(format!("alter table {} add {words}", cx.identity()))
                .lock(Lock::AccessExclusive)
                .hazard(HazardClass::Block, "compares every row while readers and writers wait")
                .needs([cx.at.child(Check::NAME, theirs.key()), theirs])
                .needs(brought(cx))
                .late()
        })
        .collect()
}

/// Returns what a table must have before it is put below another.
fn brought(cx: &Cx<'_>) -> Vec<Address> {
    let brings =
        [Column::NAME, PrimaryKey::NAME, Unique::NAME, Check::NAME, Exclusion::NAME, NotNull::NAME, Index::NAME];
    let brings = |c: &&Address| brings.contains(&c.kind()) && !is_apart(c, cx.desired);
    cx.desired.children(cx.at).into_iter().filter(brings).cloned().collect()
}

/// Returns the keys that are to be no part of an index above.
fn keys_apart(cx: &Cx<'_>) -> Vec<Address> {
    cx.desired.children(cx.at).into_iter().filter(|c| is_apart(c, cx.desired)).cloned().collect()
}

/// Returns the other partitions of the table above that give up their bounds. They must do so before others take them.
pub fn leaving(cx: &Cx<'_>) -> Vec<Address> {
    let moves = |heir: &&Address| {
        let places = place(heir, cx.live).zip(place(heir, cx.desired));
        let same =
            |(old, new): (Place<'_>, Place<'_>)| old.bounds == new.bounds && old.partition_of == new.partition_of;
        *heir != cx.at && places.is_some_and(|p| !same(p)) && !super::is_made_anew(heir, cx.live, cx.desired)
    };
    let above = parents(cx.at, cx.desired);
    above.iter().flat_map(|table| heirs(table, cx.live)).filter(moves).cloned().collect()
}

/// Returns the columns of all tables above.
pub(super) fn columns_above(cx: &Cx<'_>) -> Vec<Address> {
    let columns = |p: &Address| {
        let list = cx.desired.children_of::<Column>(p, Column::NAME);
        list.into_iter().map(|(at, _)| at.clone()).collect::<Vec<_>>()
    };
    above(cx.at, cx.desired).iter().flat_map(columns).collect()
}

/// Returns the statements that move a table from below some tables to below others.
pub fn steps(new: Place<'_>, old: Place<'_>, cx: &Cx<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    let table = cx.identity();
    let moved = new.partition_of != old.partition_of || new.bounds != old.bounds;
    if let Some(parent) = old.partition_of.filter(|_| moved) {
        steps.extend(detach::steps(parent, new, old, cx));
    }
    let alter = |what: String| Step::new(format!("alter table {table} {what}")).lock(Lock::AccessExclusive);
    // Their order counts, and a new one comes last.
    let stays = old.inherits.iter().filter(|p| new.inherits.contains(p));
    let kept = stays.zip(new.inherits).take_while(|(old, new)| old == new).count();
    let (kept, comes) = new.inherits.split_at(kept);
    for parent in old.inherits.iter().filter(|p| !kept.contains(p)) {
        let leave = alter(format!("no inherit {parent}")).frees();
        let lost = format!("`{parent}` no longer shows the rows of {}", cx.at);
        let comes_back = comes.contains(parent);
        steps.push(if comes_back { leave } else { leave.hazard(HazardClass::Breaking, lost) });
    }
    if !comes.is_empty() || moved && new.partition_of.is_some() {
        steps.extend(checks_to_share(cx));
    }
    for parent in comes {
        steps.push(alter(format!("inherit {parent}")).late().needs(columns_above(cx)).needs(brought(cx)));
    }
    if moved && let Some(step) = attach(new, cx) {
        steps.extend(joining(cx));
        let step = carry::before_put(step.late(), cx);
        steps.push(cx.reads_rows_of(cx.at, step, "scans the table to see that its rows are within the bounds"));
    }
    steps
}
