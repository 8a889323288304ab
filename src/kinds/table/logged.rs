//! The order in which several tables become logged or unlogged.
//!
//! At any moment, the foreign keys of a logged table may refer only to logged tables.

use super::Table;
use crate::kind::{Cx, Kind};
use crate::kinds::foreign_key::ForeignKey;
use crate::model::{Address, State};

/// Returns the tables that must change before this one: before it becomes unlogged, those that refer to it; before it
/// becomes logged, those that it refers to.
pub fn first(unlogged: bool, cx: &Cx<'_>) -> Vec<Address> {
    let turns = |table: &Address| {
        let of = |state: &State| state.spec::<Table>(table).map(|t| t.unlogged);
        of(cx.live) == Some(!unlogged) && of(cx.desired) == Some(unlogged)
    };
    let keys = |table: &Address| cx.live.children_of::<ForeignKey>(table, ForeignKey::NAME);
    let refers = |from: &Address, to: &Address| keys(from).into_iter().any(|(_, key)| key.references.is(to));
    let first = |table: &Address| if unlogged { refers(table, cx.at) } else { refers(cx.at, table) };
    let tables = cx.live.of_kind(Table::NAME).into_iter();
    tables.filter(|table| table != cx.at && turns(table) && first(table)).collect()
}
