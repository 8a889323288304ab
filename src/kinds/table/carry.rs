//! Moves the rows of a table to the one that replaces it, which is partitioned differently.
//!
//! PostgreSQL cannot change how a table is partitioned. Therefore a new table replaces it, within one transaction.
//! Meanwhile the rows are in a temporary table, and the positions of the sequences of its columns in others. Sequences
//! owned by its columns that stay are released and owned again.

use super::{Table, heirs, is_partition, is_partitioned, line_of, parents, referenced};
use crate::kind::{Cx, Kind};
use crate::kinds::column::{Column, Handover};
use crate::kinds::owner::Owner;
use crate::kinds::part::convert::{is_another, needs_text, text_of};
use crate::kinds::part::narrow::keeps_values;
use crate::kinds::sequence::Sequence;
use crate::model::{Address, HazardClass, Lock, State, Step};
use crate::sql;

/// Returns whether the rows must be moved: the declared table is partitioned differently than the live one, or by
/// columns of other types.
fn applies(cx: &Cx<'_>) -> bool {
    is_carried(cx.at, cx.live, cx.desired)
}

/// Like [`applies`], without a context.
fn is_carried(at: &Address, live: &State, desired: &State) -> bool {
    let tables = live.spec::<Table>(at).zip(desired.spec::<Table>(at));
    tables.is_some_and(|(live, wanted)| live.rekeyed || live.partition_by != wanted.partition_by)
}

/// Returns whether a table is replaced for this reason, or as a partition of one that is. A partition that leaves the table
/// above is detached before that is dropped.
pub fn is_made_anew(at: &Address, live: &State, desired: &State) -> bool {
    let above = if is_partition(at, live) { parents(at, live) } else { Vec::new() };
    let goes_with = |t: &Address| {
        let leaves = desired.contains(at) && !(is_partition(at, desired) && parents(at, desired).contains(t));
        !leaves && is_made_anew(t, live, desired)
    };
    is_carried(at, live, desired) || above.iter().any(goes_with)
}

/// Returns `drop table`; before it, if the table is replaced, the statements that save its rows.
pub fn drop(cx: &Cx<'_>) -> Vec<Step> {
    let drop = Step::new(format!("drop table {}", cx.identity())).lock(Lock::AccessExclusive);
    if !applies(cx) {
        let drop = drop.hazard(HazardClass::Data, "drops the table with its rows");
        return referenced::detach(cx).into_iter().chain([drop]).collect();
    }
    let aside = |name: String, query: String| {
        let sql = format!("create temporary table {name} on commit drop as {query}");
        Step::new(sql).lock(Lock::AccessExclusive).carries(cx.at)
    };
    let whole = is_partitioned(cx.at, cx.live);
    let mut steps = vec![
        aside(rows(cx.at), format!("select {} from {}{}", listed(cx), if whole { "" } else { "only " }, cx.identity()))
            .hazard(HazardClass::Rewrite, "copies the rows to the table that takes its place"),
    ];
    steps.extend(handovers(cx).map(|handover| handover.note().lock(Lock::AccessExclusive).carries(cx.at)));
    let let_go =
        |(at, _): (Address, Address)| Step::new(format!("alter sequence {} owned by none", cx.at(&at).identity()));
    steps.extend(sequences(cx).into_iter().map(let_go));
    let lost = lost(cx);
    let partitions: Vec<String> = gone(cx).iter().map(ToString::to_string).collect();
    let clients = format!("clients lose {}", partitions.join(", "));
    let drop = if partitions.is_empty() { drop } else { drop.hazard(HazardClass::Breaking, clients) };
    steps.push(if lost.is_empty() {
        drop
    } else {
        drop.hazard(HazardClass::Data, format!("drops the values of {}", lost.join(", ")))
    });
    steps
}

/// Returns the statements that fill the new table. They follow the creation of its last leaf partition (by address), or
/// of the table itself if no leaf is new: it has none, or only tables that exist already and are attached.
pub fn after_create(cx: &Cx<'_>) -> Vec<Step> {
    let Some(top) = top(cx) else { return Vec::new() };
    let below = descendants(&top, cx.desired);
    let is_new = |at: &Address| !cx.live.contains(at) || is_made_anew(at, cx.live, cx.desired);
    let new_leaf = |at: &&Address| heirs(at, cx.desired).is_empty() && is_new(at);
    let last = below.iter().filter(new_leaf).max().unwrap_or(&top);
    if last != cx.at {
        return Vec::new();
    }
    put(&cx.at(&top), below.iter().filter(|at| *at != last).cloned())
}

/// Returns the topmost table above that is made anew, or the table itself.
fn top(cx: &Cx<'_>) -> Option<Address> {
    line_of(cx.at, cx.desired).into_iter().rfind(|t| applies(&cx.at(t)))
}

/// Returns `attach`, which puts a table that exists below another, so that it precedes the statements that fill that.
pub fn before_put(attach: Step, cx: &Cx<'_>) -> Step {
    match top(cx) {
        Some(top) => attach.carries(&top),
        None => attach,
    }
}

/// Returns the statements that fill the new table, once the `others` among its partitions exist.
fn put(cx: &Cx<'_>, others: impl IntoIterator<Item = Address>) -> Vec<Step> {
    let columns: Vec<&str> = shared(cx).map(|(at, _)| at.key()).collect();
    let mut steps = Vec::new();
    if !columns.is_empty() {
        let (into, list, from) = (cx.identity(), sql::idents(&columns), rows(cx.at));
        let values: Vec<String> = shared(cx).map(|(at, column)| taken(at, column, cx)).collect();
        let values = values.join(", ");
        let insert = format!("insert into {into} ({list}) overriding system value select {values} from pg_temp.{from}");
        let step = Step::new(insert).lock(Lock::AccessExclusive).needs(others).carries(cx.at);
        let fits = shared(cx).all(|(at, column)| fits(at, column, cx));
        let risk = "values that do not fit the new types are cut, rounded or refused";
        steps.push(if fits { step } else { step.hazard(HazardClass::Data, risk) });
    }
    steps.extend(sequences(cx).into_iter().map(|(at, column)| {
        let (sequence, column) = (cx.at(&at).identity(), sql::ident(column.key()));
        Step::new(format!("alter sequence {sequence} owned by {}.{column}", cx.identity()))
            .needs([cx.at.child(Owner::NAME, "")])
    }));
    steps.extend(handovers(cx).map(|handover| handover.give().carries(cx.at)));
    steps
}

/// Returns all partitions below a table, however deep.
fn descendants(at: &Address, state: &State) -> Vec<Address> {
    let below = heirs(at, state).iter();
    below.flat_map(|heir| std::iter::once(heir.clone()).chain(descendants(heir, state))).collect()
}

/// Returns the select list for the live table. Values of a type that is rebuilt are saved as text.
fn listed(cx: &Cx<'_>) -> String {
    let columns = cx.live.children_of::<Column>(cx.at, Column::NAME);
    if !columns.iter().any(|(_, column)| is_another(&column.data_type, cx.live, cx.desired)) {
        return "*".to_owned();
    }
    let value = |(at, column): &(&Address, &Column)| {
        let name = sql::ident(at.key());
        if is_another(&column.data_type, cx.live, cx.desired) {
            format!("{name}{} as {name}", text_of(&column.data_type))
        } else {
            name
        }
    };
    columns.iter().map(value).collect::<Vec<_>>().join(", ")
}

/// Returns the expression that converts a saved value to the column's new type.
fn taken(at: &Address, column: &Column, cx: &Cx<'_>) -> String {
    let name = sql::ident(at.key());
    let Some(old) = cx.live.spec::<Column>(at) else { return name };
    if old.data_type == column.data_type && !is_another(&old.data_type, cx.live, cx.desired) {
        return name;
    }
    let way = if needs_text(&old.data_type, &column.data_type, cx) { text_of(&column.data_type) } else { "" };
    format!("{name}{way}::{}", column.data_type)
}

/// Returns whether every saved value fits the column's type.
fn fits(at: &Address, column: &Column, cx: &Cx<'_>) -> bool {
    let old = cx.live.spec::<Column>(at).map(|old| &old.data_type);
    old.is_some_and(|old| keeps_values(old, &column.data_type) && !is_another(old, cx.live, cx.desired))
}

/// Returns the columns that both tables have, without generated ones.
fn shared<'a>(cx: &Cx<'a>) -> impl Iterator<Item = (&'a Address, &'a Column)> {
    let (live, desired) = (cx.live, cx.desired);
    desired.children_of::<Column>(cx.at, Column::NAME).into_iter().filter(move |(at, column)| {
        let there = live.spec::<Column>(at).is_some_and(|c| c.generated.is_none());
        there && column.generated.is_none()
    })
}

/// Returns the sequences of columns that take over from others.
fn handovers<'a>(cx: &Cx<'a>) -> impl Iterator<Item = Handover<'a>> {
    let (live, desired) = (cx.live, cx.desired);
    shared(cx).filter_map(move |(at, _)| Handover::of(at, true, live, desired))
}

/// Returns the sequences that stay, each with the column of the table that owns it before and after.
fn sequences(cx: &Cx<'_>) -> Vec<(Address, Address)> {
    let stays = |at: &Address| {
        let owner = |state: &State| state.spec::<Sequence>(at).and_then(Sequence::owner_column);
        owner(cx.live).filter(|column| column.is_within(cx.at) && owner(cx.desired).as_ref() == Some(column))
    };
    cx.live.of_kind(Sequence::NAME).into_iter().filter_map(|at| stays(&at).map(|column| (at, column))).collect()
}

/// Returns the partitions that are dropped with the table and not created again.
fn gone(cx: &Cx<'_>) -> Vec<Address> {
    descendants(cx.at, cx.live).into_iter().filter(|at| !cx.desired.contains(at)).collect()
}

/// Returns the columns that the new table does not have, in words.
fn lost(cx: &Cx<'_>) -> Vec<String> {
    let live = cx.live.children_of::<Column>(cx.at, Column::NAME);
    let goes = |at: &Address| !cx.desired.contains(at);
    live.iter().filter(|(at, _)| goes(at)).map(|(at, _)| format!("column `{}`", at.key())).collect()
}

/// Returns the name of the temporary table for the rows.
fn rows(at: &Address) -> String {
    sql::ident(&format!("rows of {}", at.path().join(".")))
}
