//! `detach partition`, either at once or `concurrently`, while others keep reading and writing the table above.
//!
//! See <https://www.postgresql.org/docs/current/sql-altertable.html>. `concurrently` takes PostgreSQL two transactions,
//! and leaves a check with the old bounds on the partition, which is dropped afterwards. If it was interrupted, it is
//! finished with `finalize`.

use super::lineage::{columns_above, heirs, is_partition, parents, place};
use super::{Place, Table, Words};
use crate::kind::{Cx, Kind};
use crate::kinds::check::Check;
use crate::kinds::column::Column;
use crate::kinds::part::names::{is_taken, object_name};
use crate::model::{Address, HazardClass, Lock, Step, Transaction};
use crate::sql;

/// Returns the statements that detach a partition from `parent`.
pub fn steps(parent: &str, new: Place<'_>, old: Place<'_>, cx: &Cx<'_>) -> Vec<Step> {
    let detach = |how: &str| {
        let sql = format!("alter table {parent} detach partition {}{how}", cx.identity());
        let step = Step::new(sql).lock(Lock::AccessExclusive);
        if new.partition_of.is_some_and(|above| above == parent) {
            // It is attached again later, and its columns change with those above.
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

/// Returns the object's table if that is half detached: it cannot be altered until the detachment is finished.
pub fn half_detached(cx: &Cx<'_>) -> Option<Address> {
    let table = cx.at.parent()?;
    cx.live.spec::<Table>(table).is_some_and(|t| t.place().is_half_detached()).then(|| table.clone())
}

/// Returns the name of the check that `detach partition … concurrently` leaves; `None` if that form cannot be used, or
/// the name cannot be predicted.
///
/// A partition that moves to another table does so in one transaction. PostgreSQL refuses `concurrently` if there is a
/// default partition. If an existing check implies the bounds, PostgreSQL leaves no other.
fn left_check(new: Place<'_>, cx: &Cx<'_>) -> Option<String> {
    let above = parents(cx.at, cx.live).into_iter().next().filter(|_| new.partition_of.is_none() && cx.online)?;
    let is_default =
        |heir: &Address| place(heir, cx.live).is_none_or(|place| place.bounds.is_none() || place.is_default());
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

/// Returns the columns by which a table is partitioned; `None` if it is partitioned by anything else, too.
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
