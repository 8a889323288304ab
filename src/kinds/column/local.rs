//! Columns that a table has from one above and by itself too (`attislocal`): they stay when that above goes.
//!
//! YAML says so with the column's type. A column of a partition is never so. PostgreSQL makes all columns that came from a table
//! above the table's own once it leaves that, and never makes one that is the table's own merely inherited.

use super::Column;
use super::inherited::{self, Inherited, kept_parents};
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Kind as _, Misfit};
use crate::kinds::check::Check;
use crate::kinds::table::{is_made_anew, is_partition, is_sprung_from, parents, tables};
use crate::model::{Address, Lock, State, Step};
use crate::sql;

/// Notes which live columns will be their table's own once it has left and joined the tables above.
pub fn foresee(live: &mut State, desired: &State) {
    for table in tables(live) {
        if parents(&table, live).is_empty() && parents(&table, desired).is_empty() || !desired.contains(&table) {
            continue;
        }
        for (at, inherited) in columns_of(&table, live, desired) {
            if let Some(column) = live.spec::<Column>(&at).filter(|column| column.inherited != inherited) {
                let column = Column { inherited, ..column.clone() };
                live.set(&at, column);
            }
        }
    }
}

fn columns_of(table: &Address, live: &State, desired: &State) -> Vec<(Address, Inherited)> {
    let follows = is_partition(table, desired) || is_made_anew(table, live, desired);
    let stay = staying(table, live, desired);
    let stands = |parent: &Address, at: &Address, state: &State| state.contains(&parent.child(Column::NAME, at.key()));
    let becomes = |(at, column): (&Address, &Column)| {
        let wanted = desired.spec::<Column>(at)?.inherited;
        let above = stay.iter().any(|parent| stands(parent, at, live) && stands(parent, at, desired));
        let own = if above { column.inherited } else { Inherited::Both };
        Some((at.clone(), if follows { wanted } else { own }))
    };
    live.children_of::<Column>(table, Column::NAME).into_iter().filter_map(becomes).collect()
}

/// Returns the tables directly above that a table does not leave meanwhile, to join them again in another order.
fn staying(table: &Address, live: &State, desired: &State) -> Vec<Address> {
    if is_partition(table, live) {
        return Vec::new();
    }
    let kept = kept_parents(table, live, desired);
    let wanted = parents(table, desired);
    kept.into_iter().zip(wanted).take_while(|(old, new)| old == new).map(|(parent, _)| parent).collect()
}

/// Returns the columns that tables below `cx`'s add by themselves: they are there before, and PostgreSQL merges the two.
pub fn added_below(cx: &Cx<'_>) -> Vec<Address> {
    let stands =
        |at: &Address| at.parent().is_some_and(|t| cx.live.contains(t) && !is_made_anew(t, cx.live, cx.desired));
    let mut below = inherited::below(cx.at, cx.desired);
    below.retain(|at| inherited::is_own(at, cx.desired) && !cx.live.contains(at));
    below.retain(|at| stands(at) && !inherited::leaves(at, cx.at, cx));
    below
}

/// Returns whether a column comes from a table above it that adds it by itself.
pub fn comes_with(at: &Address, added: &[Address], cx: &Cx<'_>) -> bool {
    let tables =
        |own: &Address| at.parent().zip(own.parent()).is_some_and(|(at, own)| is_sprung_from(at, own, cx.desired));
    added.iter().any(tables)
}

/// Refuses to make a column that is its table's own, or is to be added to it, merely inherited.
pub fn refuse(column: &Column, cx: &Cx<'_>) -> Option<Misfit> {
    let table = cx.at.parent().filter(|table| cx.live.contains(table))?;
    let lives = !is_partition(table, cx.desired) && !is_made_anew(table, cx.live, cx.desired);
    let stands_above = cx.live.spec::<Column>(cx.at).is_some_and(|live| live.inherited.is_from_above_only());
    let comes = column.inherited.is_from_above_only() && lives && !stands_above;
    let message = "the table has the column by itself too, and PostgreSQL can't make it one that is merely inherited";
    let help = format!("write its type: `{}: {}`", cx.at.key(), column.data_type);
    comes.then(|| (Problem::new(Code::Refused, message).help(help), "type"))
}

/// Returns the statements that make an inherited column its table's own as well: the table leaves those above and joins them
/// again. The first such column of a table does so for all.
pub fn leave_and_join(cx: &Cx<'_>) -> Alter {
    let is_inherited = cx.live.spec::<Column>(cx.at).is_some_and(|live| live.inherited.is_from_above_only());
    let Some(table) = cx.at.parent().filter(|_| is_inherited) else { return Alter::InPlace(Vec::new()) };
    let above = parents(table, cx.live);
    if let Some(problem) = sides_with(table, &above, cx) {
        return Alter::Refuse(problem);
    }
    let becomes = |(at, column): &(&Address, &Column)| {
        let live = cx.live.spec::<Column>(at).is_some_and(|live| live.inherited.is_from_above_only());
        live && !column.inherited.is_from_above_only()
    };
    let first = cx.desired.children_of::<Column>(table, Column::NAME).into_iter().find(becomes);
    if first.is_none_or(|(first, _)| first != cx.at) {
        return Alter::InPlace(Vec::new());
    }
    let table = cx.at(table).identity();
    let alter = |word: &str, parent: &Address| {
        let step = Step::new(format!("alter table {table} {word} {}", sql::dotted(parent.path())));
        step.lock(Lock::AccessExclusive)
    };
    let leave = above.iter().map(|parent| alter("no inherit", parent));
    Alter::InPlace(leave.chain(above.iter().map(|parent| alter("inherit", parent))).collect())
}

/// Returns why a table can't leave the tables above and join them again: something else would become its own as well.
fn sides_with(table: &Address, above: &[Address], cx: &Cx<'_>) -> Option<Problem> {
    let columns = cx.desired.children_of::<Column>(table, Column::NAME).into_iter();
    let column = columns.into_iter().find(|(_, column)| column.inherited.is_from_above_only()).map(|(at, _)| at);
    let checks = above.iter().flat_map(|parent| cx.live.children_of::<Check>(parent, Check::NAME));
    let is_own = |check: &Address| cx.desired.contains(&table.child(Check::NAME, check.key()));
    let check = checks.into_iter().find(|(check, own)| !own.no_inherit && !is_own(check)).map(|(at, _)| at);
    let other = column.or(check)?;
    let message =
        format!("the column is merely inherited, and to make it the table's own would do the same to {other}");
    let help = "remove its type, or write all columns with their types, and the checks, that come from above";
    Some(Problem::new(Code::Refused, message).help(help))
}
