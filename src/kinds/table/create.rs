//! `create table`, and the statements that follow it directly.

use super::carry;
use super::lineage::{above, attach, columns_above, leaving, parents, sees_default};
use super::{RowSecurity, Table, mark, storage};
use crate::kind::{Cx, Kind};
use crate::kinds::check::Check;
use crate::kinds::column::{Column, has_order_of_its_own};
use crate::kinds::exclusion::Exclusion;
use crate::kinds::index::{Index, becomes_part, is_part_of_index};
use crate::kinds::part::{constraint, parameters};
use crate::kinds::primary_key::PrimaryKey;
use crate::kinds::unique::Unique;
use crate::model::{Address, Lock, State, Step};
use crate::sql;

/// Returns all statements that create a table.
pub fn steps(table: &Table, cx: &Cx<'_>) -> Vec<Step> {
    let columns = cx.desired.children_of::<Column>(cx.at, Column::NAME);
    let apart = table.partition_of.is_some()
        && (brings_parts(cx)
            || has_order_of_its_own(cx.at, cx.desired)
            // `attach partition` lets clients of the table above go on.
            || live_above(table, cx).is_some_and(|above| cx.is_in_use(&above)));
    let (constraints, spoken): (Vec<String>, Vec<Address>) = constraints(apart, cx).into_iter().unzip();
    let (shared, whose): (Vec<String>, Vec<Address>) =
        if apart { checks_above(cx.at, cx).into_iter().unzip() } else { Default::default() };
    let lines: Vec<String> = columns
        .iter()
        .filter_map(|(at, column)| line(table, apart, column, &cx.at(at)))
        .chain(constraints)
        .chain(shared)
        .map(|line| format!("\n    {line}"))
        .collect();
    let inline = columns.iter().map(|(at, _)| (*at).clone()).chain(spoken);
    let sql = sentence(table, apart, &lines, cx);
    // Some changes of a column above spread to the tables below and some do not, and a key or a check may name a new one.
    let create = Step::new(sql).speaks_for(inline).needs(whose).needs(leaving(cx)).needs(columns_above(cx));
    let mut steps = vec![match live_above(table, cx).filter(|_| !apart) {
        Some(above) => sees_default(create.lock(Lock::AccessExclusive).reads([above]), cx),
        None => create,
    }];
    for (at, column) in &columns {
        // A child table copies them when it is created.
        steps.extend(column.after_create(apart, &cx.at(at)).into_iter().map(Step::completes));
    }
    if apart {
        steps.extend(attach(table.place(), cx));
    }
    steps.extend(table.rls_steps(RowSecurity::Disabled, cx));
    steps.extend(table.replica_identity.as_ref().map(|words| mark::replica_identity(Some(words), cx)));
    steps.extend(table.cluster_on.as_deref().map(|index| mark::cluster_on(Some(index), cx)));
    steps.extend(carry::after_create(cx));
    let alone = columns.iter().filter(|(_, column)| is_whole(table, apart, column));
    steps.extend(alone.filter_map(|(at, column)| column.default_apart(&cx.at(at))));
    steps
}

/// Returns the table that a new partition comes below, if that exists and stays. `create table … partition of` locks it
/// against readers, too.
fn live_above(table: &Table, cx: &Cx<'_>) -> Option<Address> {
    table.partition_of.as_ref()?;
    let stays = |above: &Address| cx.live.contains(above) && !carry::is_made_anew(above, cx.live, cx.desired);
    parents(cx.at, cx.desired).into_iter().find(stays)
}

/// Returns the `create table` statement alone.
fn sentence(table: &Table, apart: bool, lines: &[String], cx: &Cx<'_>) -> String {
    let unlogged = if table.unlogged { "unlogged " } else { "" };
    let mut sql = format!("create {unlogged}table {}", cx.identity());
    let below = table.partition_of.as_ref().filter(|_| !apart);
    if let Some(parent) = below {
        sql += &format!(" partition of {parent}");
    }
    if let Some(of) = &table.of_type {
        sql += &format!(" of {of}");
    }
    if !lines.is_empty() || below.is_none() && table.of_type.is_none() {
        sql += &format!(" ({}\n)", lines.join(","));
    }
    if let Some(words) = table.place().bound_words().filter(|_| below.is_some()) {
        sql += &format!(" {words}");
    }
    if !table.inherits.is_empty() {
        sql += &format!(" inherits ({})", table.inherits.join(", "));
    }
    if let Some(by) = &table.partition_by {
        sql += &format!(" partition by {by}");
    }
    let (method, tablespace) = storage::spoken(table, cx.at, cx.desired);
    if let Some(method) = method {
        sql += &format!(" using {}", sql::ident(&method));
    }
    sql += &parameters::with(&table.options);
    if let Some(tablespace) = tablespace {
        sql += &format!(" tablespace {}", sql::ident(&tablespace));
    }
    sql
}

/// Returns what `create table` says about a column within its parentheses; `None` if nothing needs to be said.
fn line(table: &Table, apart: bool, column: &Column, cx: &Cx<'_>) -> Option<String> {
    let from_above = !apart && (table.partition_of.is_some() || table.of_type.is_some());
    if from_above {
        let words = column.words_besides(cx);
        return (!words.is_empty()).then(|| format!("{} with options{words}", cx.name()));
    }
    is_whole(table, apart, column).then(|| match column.default_apart(cx) {
        Some(_) => Column { default: None, ..column.clone() }.definition(cx),
        None => column.definition(cx),
    })
}

/// Returns whether `create table` says all of a column, and not only what it has besides one above.
fn is_whole(table: &Table, apart: bool, column: &Column) -> bool {
    apart || table.partition_of.is_none() && table.of_type.is_none() && !column.inherited.is_from_above_only()
}

/// Returns the constraints to be written within the parentheses, with their addresses, in the order of the register.
fn constraints(apart: bool, cx: &Cx<'_>) -> Vec<(String, Address)> {
    let children = cx.desired.children(cx.at);
    let mut out = Vec::new();
    let waits = |at: &Address| would_be_merged(at, cx) || !apart && would_refuse_nulls(at, cx);
    for entry in cx.register {
        for at in children.iter().filter(|at| at.kind() == entry.name && !waits(at)) {
            let text = cx.desired.get(at).and_then(|o| (entry.inline)(&**o.as_written(), at));
            out.extend(text.map(|text| (text, (*at).clone())));
        }
    }
    out
}

/// Returns whether a constraint needs a statement of its own: a unique constraint over the columns of another key of
/// the table, or an exclusion constraint defined like another. Within one statement PostgreSQL makes a single
/// constraint of the two (`transformIndexConstraints` in `parse_utilcmd.c`).
fn would_be_merged(at: &Address, cx: &Cx<'_>) -> bool {
    if let Some(exclusion) = cx.desired.spec::<Exclusion>(at) {
        let others = cx.desired.children_of::<Exclusion>(cx.at, Exclusion::NAME);
        return others.into_iter().take_while(|(other, _)| *other != at).any(|(_, other)| other == exclusion);
    }
    let Some(unique) = cx.desired.spec::<Unique>(at) else { return false };
    let keys = cx.desired.children_of::<PrimaryKey>(cx.at, PrimaryKey::NAME);
    let others = cx.desired.children_of::<Unique>(cx.at, Unique::NAME);
    keys.into_iter().any(|(_, key)| key.columns == unique.columns)
        || others.into_iter().take_while(|(other, _)| *other != at).any(|(_, other)| other.columns == unique.columns)
}

/// Returns whether a constraint is a primary key within whose statement, from PostgreSQL 18 on, columns that come from a table
/// above would get not-null constraints of their own. Added later, it makes do with those from above.
fn would_refuse_nulls(at: &Address, cx: &Cx<'_>) -> bool {
    at.kind() == PrimaryKey::NAME && cx.server.version.at_least(18) && !parents(cx.at, cx.desired).is_empty()
}

/// Returns the check constraints of the tables above, in SQL and by address. A table must have them before it is
/// attached.
pub fn checks_above(at: &Address, cx: &Cx<'_>) -> Vec<(String, Address)> {
    let mut out = Vec::new();
    for parent in parents(at, cx.desired) {
        let checks = cx.desired.children_of::<Check>(&parent, Check::NAME);
        let shared = checks.into_iter().filter(|(_, check)| !check.no_inherit);
        out.extend(shared.map(|(at, check)| (constraint::inline(at, &check.words()), at.clone())));
        out.extend(checks_above(&parent, cx));
    }
    out
}

/// Returns whether a new partition declares indexes or constraints that become parts of those above. These must exist
/// before it is attached, or PostgreSQL creates others with names of its own.
fn brings_parts(cx: &Cx<'_>) -> bool {
    let above = above(cx.at, cx.desired);
    let own = |kind| cx.desired.children(cx.at).into_iter().filter(move |c| c.kind() == kind);
    let same = |at: &Address, table: &Address| {
        let theirs = cx.desired.children(table).into_iter().filter(|c| c.kind() == at.kind());
        is_part_of_index(at, cx.desired) || theirs.into_iter().any(|their| takes_part(at, their, cx.desired))
    };
    [PrimaryKey::NAME, Unique::NAME, Index::NAME, Exclusion::NAME]
        .into_iter()
        .flat_map(own)
        .any(|at| above.iter().any(|table| same(at, table)))
}

/// Returns whether the index or constraint at `at` would become a part of `their`, an object of the table above.
pub fn takes_part(at: &Address, their: &Address, desired: &State) -> bool {
    if their.kind() == Index::NAME {
        return becomes_part(at, their, desired);
    }
    if let (Some(a), Some(b)) = (desired.spec::<Unique>(at), desired.spec::<Unique>(their)) {
        return a.is_defined_as(b) && !a.apart;
    }
    let specs = desired.get(at).zip(desired.get(their));
    at.kind() == their.kind() && specs.is_some_and(|(a, b)| a.spec.same(&*b.spec) || at.kind() == PrimaryKey::NAME)
}
