//! Keys of partitions that are parts of an index of the table above which is no key itself.
//!
//! PostgreSQL drops neither while the other is there. It does once the partition is detached, which keeps its key. The
//! partition is attached again in the same transaction.

use super::Index;
use crate::kind::{Alter, Cx, Kind};
use crate::kinds::primary_key::PrimaryKey;
use crate::kinds::table::{Attached, Place, Table, heirs, parents};
use crate::kinds::unique::Unique;
use crate::model::{Address, Lock, State, Step};

/// Returns `drop`, which drops an index, between statements that detach the partitions with such keys and attach them
/// again. It waits for those that leave their place anyway.
pub fn drop_index(index: &Index, drop: Step, cx: &Cx<'_>) -> Vec<Step> {
    let mut keyed = Vec::new();
    if let Some(table) = cx.at.parent() {
        partitions(index, table, cx.live, &mut keyed);
    }
    let (stay, leave): (Vec<Address>, Vec<Address>) = keyed.into_iter().partition(|at| place(at, cx).is_some());
    aside(&stay, drop.needs(leave), cx)
}

/// Returns `drop`, which drops a key over these columns: after the index above is dropped or, if that stays or returns, while
/// the key's table is detached.
pub fn drop_key(attached: Attached, columns: &[String], drop: Step, cx: &Cx<'_>) -> Vec<Step> {
    let Some(table) = cx.at.parent().filter(|_| matches!(attached, Attached::Keyed)) else { return vec![drop] };
    match index_above(table, columns, cx.live).filter(|index| !cx.desired.contains(index)) {
        Some(index) => vec![drop.needs([index])],
        None => aside(std::slice::from_ref(table), drop, cx),
    }
}

/// Returns the indexes above that have keys of a live table as parts and are dropped, for good or to be replaced. The table
/// may not be attached again before that.
pub fn indexes_to_drop(table: &Address, cx: &Cx<'_>) -> Vec<Address> {
    let goes = |at: &Address| {
        let (old, new) = (cx.live.spec::<Index>(at), cx.desired.spec::<Index>(at));
        let is_replaced = |(old, new): (&Index, &Index)| {
            new != old && matches!(Index::alter(new, old, &cx.at(at)), Alter::Replace(_))
        };
        new.is_none() || old.zip(new).is_some_and(is_replaced)
    };
    let above = keys(table, cx.live).into_iter().filter_map(|columns| index_above(table, columns, cx.live));
    above.filter(goes).collect()
}

/// Returns the index of the table above that has a key over these columns as a part.
fn index_above(table: &Address, columns: &[String], live: &State) -> Option<Address> {
    let tables = parents(table, live);
    let mut indexes = tables.iter().flat_map(|above| live.children_of::<Index>(above, Index::NAME));
    indexes.find(|(_, index)| is_over(index, columns)).map(|(at, _)| at.clone())
}

/// Adds the partitions, at any depth, that have a key which is a part of the index.
fn partitions(index: &Index, table: &Address, live: &State, keyed: &mut Vec<Address>) {
    for heir in heirs(table, live) {
        if has_keyed_part(index, heir, live) {
            keyed.push(heir.clone());
        } else {
            partitions(index, heir, live, keyed);
        }
    }
}

/// Returns whether a partition has a key that is a part of such an index.
pub(super) fn has_keyed_part(index: &Index, partition: &Address, live: &State) -> bool {
    keys(partition, live).into_iter().any(|columns| is_over(index, columns))
}

/// Returns the columns of each such key of a table.
fn keys<'a>(table: &Address, live: &'a State) -> Vec<&'a [String]> {
    let primary = live.children_of::<PrimaryKey>(table, PrimaryKey::NAME).into_iter();
    let unique = live.children_of::<Unique>(table, Unique::NAME).into_iter();
    let primary = primary.map(|(_, key)| (key.attached, key.columns.as_slice()));
    let all = primary.chain(unique.map(|(_, key)| (key.attached, key.columns.as_slice())));
    all.filter(|(attached, _)| matches!(attached, Attached::Keyed)).map(|(_, columns)| columns).collect()
}

fn is_over(index: &Index, columns: &[String]) -> bool {
    let names = index.columns.iter().map(|key| key.column().unwrap_or_default());
    index.unique && index.predicate.is_none() && names.eq(columns.iter().map(String::as_str))
}

/// Returns `drop` between statements that detach these partitions, which stay where they are, and attach them again.
fn aside(partitions: &[Address], drop: Step, cx: &Cx<'_>) -> Vec<Step> {
    let places: Vec<(&Address, Place<'_>)> = partitions.iter().filter_map(|at| Some((at, place(at, cx)?))).collect();
    let detach = places.iter().filter_map(|(at, place)| {
        let sql = format!("alter table {} detach partition {}", place.partition_of?, cx.at(at).identity());
        Some(Step::new(sql).lock(Lock::AccessExclusive))
    });
    let attach = places.iter().rev().filter_map(|(at, place)| {
        let step = Step::new(place.attach_sql(&cx.at(at).identity())?).lock(Lock::AccessExclusive);
        let cost = format!("compares every row of {at} with its bounds while readers and writers wait");
        Some(cx.reads_rows_of(at, step.reads([(*at).clone()]), &cost))
    });
    detach.chain([drop]).chain(attach).collect()
}

/// Returns the place of a partition that the plan leaves where it is.
fn place<'a>(at: &Address, cx: &Cx<'a>) -> Option<Place<'a>> {
    let [old, new] = [cx.live, cx.desired].map(|state| state.spec::<Table>(at).map(Table::place));
    let (old, new) = old.zip(new)?;
    (old.partition_of == new.partition_of && old.bounds == new.bounds).then_some(old)
}
