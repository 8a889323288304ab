//! Columns that a table has from one above and by itself too (`attislocal`): they stay when that above goes.
//!
//! YAML says so with the column's type. A column of a partition is never so. PostgreSQL makes all columns that came from a table
//! above the table's own once it leaves that, and never makes one that is the table's own merely inherited: what it can't
//! reach is left as it is, for nothing but the drop of the column above tells the two apart.

use super::Column;
use super::inherited::{self, Inherited, kept_parents};
use crate::kind::{Cx, Kind as _};
use crate::kinds::check::Check;
use crate::kinds::table::{is_made_anew, is_partition, is_sprung_from, parents, tables};
use crate::model::{Address, Lock, State, Step};
use crate::sql;

/// Notes which live columns will be their table's own once it has left and joined the tables above, and takes those that
/// can't be made as declared to be so.
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
    let is_new = is_partition(table, desired) || is_made_anew(table, live, desired);
    let may_leave = may_leave(table, live, desired);
    let stay = staying(table, live, desired);
    let becomes = |(at, column): (&Address, &Column)| {
        let wanted = desired.spec::<Column>(at)?.inherited;
        // Where only the column above goes, its drop says what becomes of one that is merely inherited.
        let is_above = stay.iter().any(|parent| live.contains(&parent.child(Column::NAME, at.key())));
        let own = if is_above { column.inherited } else { Inherited::Both };
        let is_to_join = own.is_from_above_only() && matches!(wanted, Inherited::Both);
        let is_out_of_reach = wanted.is_from_above_only() || is_to_join && !may_leave;
        Some((at.clone(), if is_new || is_out_of_reach { wanted } else { own }))
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

/// Returns the statements that make an inherited column its table's own as well: the table leaves those above and joins them
/// again. The first such column of a table does so for all.
pub fn leave_and_join(cx: &Cx<'_>) -> Vec<Step> {
    let is_inherited = cx.live.spec::<Column>(cx.at).is_some_and(|live| live.inherited.is_from_above_only());
    let Some(table) = cx.at.parent().filter(|_| is_inherited) else { return Vec::new() };
    if first_to_join(table, cx.live, cx.desired) != Some(cx.at) {
        return Vec::new();
    }
    // It leaves others anyway.
    let mut above = parents(table, cx.live);
    above.retain(|parent| parents(table, cx.desired).contains(parent));
    let table = cx.at(table).identity();
    let alter = |word: &str, parent: &Address| {
        let step = Step::new(format!("alter table {table} {word} {}", sql::dotted(parent.path())));
        step.lock(Lock::AccessExclusive)
    };
    let leave = above.iter().map(|parent| alter("no inherit", parent));
    leave.chain(above.iter().map(|parent| alter("inherit", parent))).collect()
}

/// Returns the first inherited column of a table that becomes the table's own as well.
fn first_to_join<'a>(table: &Address, live: &State, desired: &'a State) -> Option<&'a Address> {
    let becomes = |(at, column): &(&Address, &Column)| {
        let live = live.spec::<Column>(at).is_some_and(|live| live.inherited.is_from_above_only());
        live && matches!(column.inherited, Inherited::Both)
    };
    desired.children_of::<Column>(table, Column::NAME).into_iter().find(becomes).map(|(at, _)| at)
}

/// Returns whether a table leaves those above and joins them again, for columns that become its own. So do its checks.
pub fn joins_again(table: &Address, live: &State, desired: &State) -> bool {
    !is_made_anew(table, live, desired) && first_to_join(table, live, desired).is_some()
}

/// Returns whether a live table may leave the tables above and join them again: nothing would become its own that is not
/// declared so.
fn may_leave(table: &Address, live: &State, desired: &State) -> bool {
    let columns = desired.children_of::<Column>(table, Column::NAME);
    let stays =
        |(at, check): &(&Address, &Check)| check.no_inherit || desired.contains(&table.child(Check::NAME, at.key()));
    let checks_stay = |parent: &Address| live.children_of::<Check>(parent, Check::NAME).iter().all(stays);
    columns.iter().all(|(_, column)| !column.inherited.is_from_above_only())
        && parents(table, live).iter().all(checks_stay)
}

impl Column {
    /// Returns whether a live column is dropped in its own table alone, as one in a table below stays.
    pub(super) fn goes_alone(at: &Address, cx: &Cx<'_>) -> bool {
        let stays = |below: &Address| {
            let leaves = inherited::leaves(below, at, cx);
            !leaves && cx.desired.contains(below) && !inherited::is_computed_with(below, at, cx)
        };
        inherited::falling(at, cx.live).iter().any(stays)
    }
}
