//! Tables that become logged or unlogged: in which order, and what becomes of their sequences.
//!
//! At any moment, the foreign keys of a logged table may refer only to logged tables. Sequences that fall with a table become
//! what it becomes, since PostgreSQL 15.

use super::Table;
use crate::kind::{Cx, Kind};
use crate::kinds::column::Column;
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
/// becomes logged, those that it refers to. Those that would have to wait for each other do not count: see [`parted`].
pub fn first(unlogged: bool, cx: &Cx<'_>) -> Vec<Address> {
    let turning = Turning::new(unlogged, cx);
    let first = |table: &Address| {
        let (from, to) = if unlogged { (table, cx.at) } else { (cx.at, table) };
        turning.refers(from, to) && !turning.is_parted(from, to)
    };
    turning.tables.iter().filter(|table| *table != cx.at && first(table)).cloned().collect()
}

/// Returns the keys of this table without whose foreign keys it changes: of tables that refer to each other in a circle and
/// all become the same, none could be the first. In every circle some table refers to a later one.
pub fn parted(unlogged: bool, cx: &Cx<'_>) -> Vec<Address> {
    let turning = Turning::new(unlogged, cx);
    let parted = turning.tables.iter().filter(|from| turning.is_parted(from, cx.at));
    let keys = parted.flat_map(|from| turning.between(from, cx.at)).flat_map(|key| cx.live.uses(&key).to_vec());
    keys.filter(|used| used.parent() == Some(cx.at) && used.kind() != Column::NAME).collect()
}

/// The tables that become logged, or those that become unlogged.
struct Turning<'a> {
    tables: Vec<Address>,
    live: &'a State,
}

impl<'a> Turning<'a> {
    fn new(unlogged: bool, cx: &Cx<'a>) -> Self {
        let is = |table: &Address, state: &State| state.spec::<Table>(table).map(|t| t.unlogged);
        let turns = |table: &Address| is(table, cx.live) == Some(!unlogged) && is(table, cx.desired) == Some(unlogged);
        Self { tables: cx.live.of_kind(Table::NAME).into_iter().filter(turns).collect(), live: cx.live }
    }

    /// Returns the foreign keys with which one table refers to another.
    fn between(&self, from: &Address, to: &Address) -> Vec<Address> {
        let keys = self.live.children_of::<ForeignKey>(from, ForeignKey::NAME).into_iter();
        keys.filter(|(_, key)| key.references.is(to)).map(|(at, _)| at.clone()).collect()
    }

    fn refers(&self, from: &Address, to: &Address) -> bool {
        !self.between(from, to).is_empty()
    }

    /// Returns whether the foreign keys from one table to another, which are part of a circle, are dropped meanwhile.
    fn is_parted(&self, from: &Address, to: &Address) -> bool {
        from < to && self.refers(from, to) && self.leads(to, from)
    }

    /// Returns whether foreign keys lead from one table to another.
    fn leads(&self, from: &Address, to: &Address) -> bool {
        let mut reached = vec![from];
        let mut next = 0;
        while let Some(table) = reached.get(next).copied() {
            next += 1;
            let more = self.tables.iter().filter(|other| self.refers(table, other));
            let more: Vec<&Address> = more.filter(|other| !reached.contains(other)).collect();
            reached.extend(more);
        }
        reached.contains(&to)
    }
}
