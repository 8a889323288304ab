//! Keys of partitions that are parts of a mere index of the table above.
//!
//! PostgreSQL drops neither without the other. A partition that is detached keeps its key as one of its own, and the index
//! loses its part. It is attached again in the same transaction.

use super::Index;
use crate::kind::{Cx, Kind};
use crate::kinds::primary_key::PrimaryKey;
use crate::kinds::table::{Attached, Place, Table, heirs, parents};
use crate::kinds::unique::Unique;
use crate::model::{Address, Lock, Step};

/// Returns `drop`, which drops an index, between statements that take the partitions aside which have such keys.
pub fn drop_index(index: &Index, drop: Step, cx: &Cx<'_>) -> Vec<Step> {
    let mut keyed = Vec::new();
    if let Some(table) = cx.at.parent() {
        partitions(index, table, cx, &mut keyed);
    }
    aside(&keyed, drop, cx)
}

/// Returns `drop`, which drops a key over these columns: once the index above is gone or, if that stays, while its table is
/// taken aside.
pub fn drop_key(attached: Attached, columns: &[String], drop: Step, cx: &Cx<'_>) -> Vec<Step> {
    let Some(table) = cx.at.parent().filter(|_| matches!(attached, Attached::Keyed)) else { return vec![drop] };
    let above = parents(table, cx.live);
    let indexes = above.iter().flat_map(|above| cx.live.children_of::<Index>(above, Index::NAME));
    let goes = |at: &Address| !cx.desired.contains(at) || cx.desired.spec::<Index>(at) != cx.live.spec::<Index>(at);
    match indexes.into_iter().find(|(at, index)| is_over(index, columns) && goes(at)) {
        Some((at, _)) => vec![drop.needs([at.clone()])],
        None => aside(std::slice::from_ref(table), drop, cx),
    }
}

/// Adds the partitions, at any depth, that have a key which is a part of the index.
fn partitions(index: &Index, table: &Address, cx: &Cx<'_>, keyed: &mut Vec<Address>) {
    for heir in heirs(table, cx.live) {
        let primary = cx.whole.children_of::<PrimaryKey>(heir, PrimaryKey::NAME).into_iter();
        let unique = cx.whole.children_of::<Unique>(heir, Unique::NAME).into_iter();
        let keys = primary.map(|(_, key)| (key.attached, &key.columns));
        let mut keys = keys.chain(unique.map(|(_, key)| (key.attached, &key.columns)));
        if keys.any(|(attached, columns)| matches!(attached, Attached::Keyed) && is_over(index, columns)) {
            keyed.push(heir.clone());
        } else {
            partitions(index, heir, cx, keyed);
        }
    }
}

fn is_over(index: &Index, columns: &[String]) -> bool {
    let names = index.columns.iter().map(|key| key.column().unwrap_or_default());
    index.unique && index.predicate.is_none() && names.eq(columns.iter().map(String::as_str))
}

/// Returns `drop` between statements that detach the partitions which stay where they are, and attach them again.
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
