//! Tables that become logged or unlogged: in which order, and what becomes of their sequences.
//!
//! At any moment, the foreign keys of a logged table may refer only to logged tables. Sequences that fall with a table become
//! what it becomes, since PostgreSQL 15.

use super::Table;
use crate::kind::{Cx, Kind};
use crate::kinds::foreign_key::ForeignKey;
use crate::kinds::identity_sequence::IdentitySequence;
use crate::kinds::sequence::Sequence;
use crate::model::{Address, State, Step};

/// Returns the statements that make sequences what they are declared to be, where the table just took them along.
pub fn sequences(unlogged: bool, cx: &Cx<'_>) -> Vec<Step> {
    if !cx.server.version.at_least(15) {
        return Vec::new();
    }
    let falls = |sequence: &Sequence| sequence.owner_column().is_some_and(|column| column.parent() == Some(cx.at));
    let otherwise = |at: &Address| {
        let wanted = cx.desired.spec::<Sequence>(at).filter(|wanted| wanted.unlogged != unlogged)?;
        let stands = cx.live.spec::<Sequence>(at)?;
        (falls(wanted) && falls(stands)).then(|| Sequence::set_logged(!wanted.unlogged, &cx.at(at)))
    };
    let of_identity = |at: &Address| {
        let wanted = cx.desired.spec::<IdentitySequence>(at)?.unlogged?;
        let is_here = at.parent().and_then(Address::parent) == Some(cx.at) && cx.live.contains(at.parent()?);
        is_here.then(|| Sequence::set_logged(!wanted, &cx.at(at)))
    };
    let (own, identities) = (cx.desired.of_kind(Sequence::NAME), cx.desired.of_kind(IdentitySequence::NAME));
    own.iter().filter_map(otherwise).chain(identities.iter().filter_map(of_identity)).collect()
}

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
