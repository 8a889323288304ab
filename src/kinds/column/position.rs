//! The position of the sequence that a column takes its values from, where another one takes over: that of an identity takes
//! over from that of a `serial`, one of a `serial` from that of an identity, or that of a table from that of the table which it
//! replaces. Where there was no sequence, an identity begins after the values in the rows.
//!
//! See <https://www.postgresql.org/docs/current/functions-sequence.html>.

use super::Column;
use crate::kind::{Cx, Kind};
use crate::kinds::schema::Schema;
use crate::kinds::sequence::Sequence;
use crate::model::{Address, State, Step};
use crate::sql;

/// What a column takes its values from.
#[derive(Debug, PartialEq, Eq)]
enum Source {
    /// The sequence of its identity.
    Identity,
    /// A sequence that it owns and its default calls.
    Owned(Address),
}

/// A sequence of a column that takes over from one that goes.
#[derive(Debug)]
pub struct Handover<'a> {
    column: &'a Address,
    from: Source,
    to: Source,
}

impl<'a> Handover<'a> {
    /// Returns how one sequence takes over from another, if one does. An identity stays the same unless its table is made
    /// anew.
    pub fn of(column: &'a Address, is_made_anew: bool, live: &State, desired: &State) -> Option<Self> {
        let (from, to) = (Source::of(column, live)?, Source::of(column, desired)?);
        let goes = match &from {
            Source::Identity => is_made_anew || to != Source::Identity,
            Source::Owned(sequence) => !desired.contains(sequence),
        };
        let comes = match &to {
            Source::Identity => true,
            Source::Owned(sequence) => !live.contains(sequence),
        };
        (goes && comes).then_some(Self { column, from, to })
    }

    /// Returns whether the one that goes is no identity's.
    pub fn is_from_owned(&self) -> bool {
        matches!(self.from, Source::Owned(_))
    }

    /// Returns whether the sequence is the one that goes.
    pub fn is_from(&self, sequence: &Address) -> bool {
        matches!(&self.from, Source::Owned(it) if it == sequence)
    }

    /// Returns the statement that notes the position before the one goes.
    pub fn note(&self) -> Step {
        let (noted, from) = (self.noted(), self.from.expression(self.column));
        Step::new(format!(
            "create temporary table {noted} on commit drop as select pg_sequence_last_value({from}) as last"
        ))
    }

    /// Returns the statement that gives it to the other, which exists by then.
    pub fn give(&self) -> Step {
        let (noted, to) = (self.noted(), self.to.expression(self.column));
        let step = Step::new(format!("select setval({to}, last) from pg_temp.{noted} where last is not null"));
        match &self.to {
            Source::Identity => step,
            Source::Owned(sequence) => step.needs([sequence.clone()]),
        }
    }

    /// Returns the name of the temporary table for the position.
    fn noted(&self) -> String {
        let table = self.column.parent().map(|table| table.path().join(".")).unwrap_or_default();
        sql::ident(&format!("last {} of {table}", self.column.key()))
    }
}

/// Returns the statement that has the sequence of a new identity begin after the values in the rows, unless there are none.
pub fn after_rows(counts_up: bool, cx: &Cx<'_>) -> Option<Step> {
    let table = cx.at.parent()?;
    if cx.live.size(table).is_some_and(|size| size.bytes == 0) {
        return None;
    }
    let (last, bounds) =
        if counts_up { ("max", "q.seqstart and q.seqmax") } else { ("min", "q.seqmin and q.seqstart") };
    let (column, from, sequence) = (cx.name(), sql::dotted(table.path()), Source::Identity.expression(cx.at));
    Some(Step::new(format!(
        "select setval(q.seqrelid::regclass, v.last) from pg_sequence as q, (select {last}({column}) as last from {from}) as v \
         where q.seqrelid = {sequence} and v.last between {bounds}"
    )))
}

impl Source {
    fn of(column: &Address, state: &State) -> Option<Self> {
        let spec = state.spec::<Column>(column)?;
        if spec.identity.is_some() {
            return Some(Self::Identity);
        }
        let tokens = sql::tokens(spec.default.as_ref()?.as_str());
        let [call, open, name, ..] = tokens.as_slice() else { return None };
        let name = sql::unquote(name.text).filter(|_| call.is_word("nextval") && open.is("("))?;
        let [schema, name] = sql::split_name(&name)?.try_into().ok()?;
        let sequence = Address::root(Schema::NAME, &schema).child(Sequence::NAME, &name);
        let owner = state.spec::<Sequence>(&sequence).and_then(Sequence::owner_column);
        (owner.as_ref() == Some(column)).then_some(Self::Owned(sequence))
    }

    /// Returns an SQL expression for the sequence, of type `regclass`.
    fn expression(&self, column: &Address) -> String {
        match self {
            Self::Identity => {
                let table = column.parent().map(|table| sql::dotted(table.path())).unwrap_or_default();
                format!("pg_get_serial_sequence({}, {})::regclass", sql::literal(&table), sql::literal(column.key()))
            }
            Self::Owned(sequence) => format!("{}::regclass", sql::literal(&sql::dotted(sequence.path()))),
        }
    }
}
