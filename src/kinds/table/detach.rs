//! `detach partition`: at once, or while readers and writers of the table above go on.
//!
//! See <https://www.postgresql.org/docs/current/sql-altertable.html>. PostgreSQL takes the second way in two transactions,
//! and leaves a check of the old bounds on the partition, which goes after. One that broke off in between is finished.

use super::lineage::{columns_above, heirs, is_partition, parents, place};
use super::{Place, Table, Words};
use crate::kind::{Cx, Kind};
use crate::kinds::check::Check;
use crate::kinds::column::Column;
use crate::kinds::part::names::{is_taken, object_name};
use crate::model::{Address, HazardClass, Lock, Step, Transaction};
use crate::sql;

/// The statements that take a partition from below `parent`.
pub fn steps(parent: &str, new: Place<'_>, old: Place<'_>, cx: &Cx<'_>) -> Vec<Step> {
    let detach = |how: &str| {
        let sql = format!("alter table {parent} detach partition {}{how}", cx.identity());
        let step = Step::new(sql).lock(Lock::AccessExclusive);
        if new.partition_of.is_some_and(|above| above == parent) {
            // It comes back, and changes with the columns above.
            return step.needs(columns_above(cx));
        }
        step.frees().hazard(HazardClass::Breaking, format!("`{parent}` no longer shows the rows of {}", cx.at))
    };
    if old.is_half_detached() {
        return vec![detach(" finalize")];
    }
    let Some(check) = left_check(new, cx) else { return vec![detach("")] };
    let concurrently = detach(" concurrently").lock(Lock::ShareUpdateExclusive).transaction(Transaction::Outside);
    let drop = format!("alter table {} drop constraint {}", cx.identity(), sql::ident(&check));
    vec![concurrently, Step::new(drop).lock(Lock::AccessExclusive)]
}

/// The table that an object stands under, where it is half detached: before that is finished it can't be altered.
pub fn half_detached(cx: &Cx<'_>) -> Option<Address> {
    let table = cx.at.parent()?;
    cx.live.spec::<Table>(table).is_some_and(|t| t.place().is_half_detached()).then(|| table.clone())
}

/// The name of the check that `detach partition … concurrently` leaves; none where that can't be used, or told.
///
/// A partition that goes elsewhere does so in one transaction. With a default partition PostgreSQL refuses. A check that
/// is there already may imply the bounds, and then none is made.
fn left_check(new: Place<'_>, cx: &Cx<'_>) -> Option<String> {
    let above = parents(cx.at, cx.live).into_iter().next().filter(|_| new.partition_of.is_none() && cx.online)?;
    let is_default = |heir: &Address| {
        let bounds = place(heir, cx.live).and_then(|place| place.bounds);
        bounds.is_none_or(|bounds| bounds.as_str() == "default")
    };
    let holds_rows = cx.live.size(cx.at).is_some_and(|size| size.bytes > 0);
    let has_checks = !cx.live.children_of::<Check>(cx.at, Check::NAME).is_empty();
    let table = cx.live.spec::<Table>(&above)?;
    if !holds_rows || has_checks || is_partition(&above, cx.live) || heirs(&above, cx.live).iter().any(is_default) {
        return None;
    }
    let columns = key_columns(table.partition_by.as_ref()?, &above, cx)?;
    let second = if let [only] = columns.as_slice() { only.as_str() } else { "" };
    let name = object_name(cx.at.key(), second, "check");
    (!is_taken(&name, cx.at.top(), cx)).then_some(name)
}

/// The columns by which a table is partitioned; none where it is by something else too.
fn key_columns(by: &Words, table: &Address, cx: &Cx<'_>) -> Option<Vec<String>> {
    let (_, keys) = by.as_str().split_once('(')?;
    let keys = sql::tokens(keys.strip_suffix(')')?);
    let column = |(i, token): (usize, &sql::Token<'_>)| {
        if i % 2 == 1 {
            return token.is(",").then_some(None);
        }
        let name = token.name().filter(|name| cx.live.contains(&table.child(Column::NAME, name)))?;
        Some(Some(name))
    };
    let columns = keys.iter().enumerate().map(column).collect::<Option<Vec<_>>>()?;
    Some(columns.into_iter().flatten().collect())
}
