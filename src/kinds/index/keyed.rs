//! Keys of partitions that are parts of an index of the table above which is no key itself.
//!
//! PostgreSQL drops neither while the other is there. It does once the partition is detached, which keeps its key. The
//! partition is attached again in the same transaction.

use super::Index;
use super::apart::{Key, becomes_part, is_apart, staying};
use crate::kind::{Alter, Cx, Kind};
use crate::kinds::table::only::stays_in_place;
use crate::kinds::table::{Place, Table, heirs, parents};
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

/// Returns `drop`, which drops a key: after the index above is dropped or, if that stays or returns, while the key's table is
/// detached. A key that returns to its place attaches the table again.
pub fn drop_key(drop: Step, cx: &Cx<'_>) -> Vec<Step> {
    let key = Key::of(cx.at, cx.live).filter(|key| key.is_keyed());
    let Some((table, key)) = cx.at.parent().zip(key) else { return vec![drop] };
    if let Some(index) = index_above(table, key, cx.live).filter(|index| !cx.desired.contains(index)) {
        return vec![drop.needs([index])];
    }
    let whole = staying(cx.at, cx.live, cx.desired);
    if whole.is_some() && !is_apart(cx.at, cx.desired) {
        return detach(table, cx).into_iter().chain([drop]).collect();
    }
    let parts = cx
        .desired
        .children(table)
        .into_iter()
        .filter(|own| whole.as_ref().is_some_and(|whole| becomes_part(own, whole, cx.desired)));
    let attach = attach_again(table, cx).map(|step| step.needs(parts.cloned()));
    detach(table, cx).into_iter().chain([drop]).chain(attach).collect()
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
    let above = keys(table, cx.live).into_iter().filter_map(|key| index_above(table, key, cx.live));
    above.filter(goes).collect()
}

/// Returns the index of the table above that has a key as a part.
fn index_above(table: &Address, key: Key<'_>, live: &State) -> Option<Address> {
    let tables = parents(table, live);
    let mut indexes = tables.iter().flat_map(|above| live.children_of::<Index>(above, Index::NAME));
    indexes.find(|(_, index)| key.fits(index)).map(|(at, _)| at.clone())
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
    keys(partition, live).into_iter().any(|key| key.fits(index))
}

/// Returns each such key of a table.
fn keys<'a>(table: &Address, live: &'a State) -> Vec<Key<'a>> {
    let keys = live.children(table).into_iter().filter_map(|at| Key::of(at, live));
    keys.filter(|key| key.is_keyed()).collect()
}

/// Returns `drop` between statements that detach these partitions, which stay where they are, and attach them again.
pub(super) fn aside(partitions: &[Address], drop: Step, cx: &Cx<'_>) -> Vec<Step> {
    let detach = partitions.iter().filter_map(|at| detach(at, cx));
    let attach = partitions.iter().rev().filter_map(|at| attach_again(at, cx));
    detach.chain([drop]).chain(attach).collect()
}

fn detach(at: &Address, cx: &Cx<'_>) -> Option<Step> {
    let sql = format!("alter table {} detach partition {}", place(at, cx)?.partition_of?, cx.at(at).identity());
    Some(Step::new(sql).lock(Lock::AccessExclusive))
}

/// Returns the statement that attaches a detached partition where it was; `None` if the plan moves it.
pub(super) fn attach_again(at: &Address, cx: &Cx<'_>) -> Option<Step> {
    let step = Step::new(place(at, cx)?.attach_sql(&cx.at(at).identity())?).lock(Lock::AccessExclusive);
    let cost = format!("compares every row of {at} with its bounds while readers and writers wait");
    Some(cx.reads_rows_of(at, step.reads([at.clone()]), &cost))
}

/// Returns the place of a partition that the plan leaves where it is.
fn place<'a>(at: &Address, cx: &Cx<'a>) -> Option<Place<'a>> {
    let place = cx.live.spec::<Table>(at).map(Table::place)?;
    stays_in_place(at, cx.live, cx.desired).then_some(place)
}
