//! Queries that look for rows which a new constraint does not allow. Where its statement comes after a commit, they are asked
//! before the first statement, so that a plan that must fail changes nothing.

use crate::kind::{Cx, Kind as _};
use crate::kinds::column::Column;
use crate::kinds::table::heirs;
use crate::model::Address;
use crate::sql;

/// Looks for rows of the table of a constraint that meet a condition.
pub fn rows(condition: &str, cx: &Cx<'_>) -> Option<String> {
    let table = cx.at.parent().filter(|table| keeps_its_rows(table, cx))?;
    Some(format!("select exists (select from {} where {condition})", cx.at(table).identity()))
}

/// Looks for values of columns that several rows have. Rows with a null in one count only where nulls are not distinct.
pub fn repeated(columns: &[String], nulls_not_distinct: bool, cx: &Cx<'_>) -> Option<String> {
    let given: Vec<String> = columns.iter().map(|column| format!("{} is not null", sql::ident(column))).collect();
    let given = if nulls_not_distinct { "true".to_owned() } else { given.join(" and ") };
    rows(&format!("{given} group by {} having pg_catalog.count(*) > 1", sql::idents(columns)), cx)
}

/// Looks for rows whose `columns` are all given and are in no row of the table `to`, as its `others`.
pub fn orphans(columns: &[String], to: &Address, others: &[String], cx: &Cx<'_>) -> Option<String> {
    let child = cx.at.parent()?;
    if columns.len() != others.len() || ![child, to].into_iter().all(|table| keeps_its_rows(table, cx)) {
        return None;
    }
    let given: Vec<String> = columns.iter().map(|column| format!("c.{} is not null", sql::ident(column))).collect();
    let pairs = columns.iter().zip(others);
    let equal: Vec<String> =
        pairs.map(|(column, other)| format!("p.{} = c.{}", sql::ident(other), sql::ident(column))).collect();
    Some(format!(
        "select exists (select from {} c where {} and not exists (select from {} p where {}))",
        cx.at(child).identity(),
        given.join(" and "),
        cx.at(to).identity(),
        equal.join(" and "),
    ))
}

/// Returns whether a table has the same rows with the same values when the constraint is checked: it stands alone, and none of
/// its columns changes.
fn keeps_its_rows(table: &Address, cx: &Cx<'_>) -> bool {
    let stands_alone = [cx.live, cx.desired].into_iter().all(|s| s.contains(table) && heirs(table, s).is_empty());
    let is_kept = |(at, there): (&Address, &Column)| {
        cx.desired.spec::<Column>(at).is_none_or(|wanted| {
            (&wanted.data_type, &wanted.generated, wanted.stored) == (&there.data_type, &there.generated, there.stored)
        })
    };
    stands_alone && cx.live.children_of::<Column>(table, Column::NAME).into_iter().all(is_kept)
}
