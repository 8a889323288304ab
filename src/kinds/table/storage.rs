//! The access method and the tablespace of partitions: those of the table above, where nothing else is said.
//!
//! PostgreSQL takes the tablespace from above since version 12, and the access method since 17. See
//! <https://www.postgresql.org/docs/current/sql-createtable.html>. States contain what each table has; the YAML says it of a
//! partition only where it is something else.

use super::Table;
use super::lineage::{parents, place, tables};
use crate::model::{Address, State};

/// The usual access method, which a state does not contain.
const HEAP: &str = "heap";
/// The tablespace of a database, unless it was given another.
const PG_DEFAULT: &str = "pg_default";

/// Gives partitions what they have from above.
pub fn complete(desired: &mut State) {
    let partitions = partitions(desired).into_iter().map(|(at, _)| {
        let found = from_above(&at, desired);
        (at, found)
    });
    for (at, (method, space)) in partitions.collect::<Vec<_>>() {
        set(&at, method.filter(|method| method != HEAP), space.filter(|space| space != PG_DEFAULT), desired);
    }
}

/// Takes from partitions what they have from above, and spells out what is the usual.
pub fn raise(state: &mut State) {
    let partitions = partitions(state).into_iter().filter_map(|(at, parent)| {
        let (own, above) = (state.spec::<Table>(&at)?, state.spec::<Table>(&parent)?);
        let method = said(own.access_method.as_ref(), above.access_method.as_ref(), HEAP);
        let space = said(own.tablespace.as_ref(), above.tablespace.as_ref(), PG_DEFAULT);
        Some((at, (method, space)))
    });
    for (at, (method, space)) in partitions.collect::<Vec<_>>() {
        set(&at, method, space, state);
    }
}

/// Returns the access method and the tablespace that the statement that creates a table says.
pub fn spoken(table: &Table, at: &Address, state: &State) -> (Option<String>, Option<String>) {
    let above = parent(at, state).and_then(|parent| state.spec::<Table>(&parent));
    let or_usual = |own: Option<&String>, above: Option<&String>, usual: &str| {
        own.cloned().or_else(|| above.map(|_| usual.to_owned()))
    };
    (
        or_usual(table.access_method.as_ref(), above.and_then(|above| above.access_method.as_ref()), HEAP),
        or_usual(table.tablespace.as_ref(), above.and_then(|above| above.tablespace.as_ref()), PG_DEFAULT),
    )
}

/// What the YAML of a partition says, which has `own`.
fn said(own: Option<&String>, above: Option<&String>, usual: &str) -> Option<String> {
    if own == above { None } else { Some(own.map_or_else(|| usual.to_owned(), String::clone)) }
}

/// What is said of a table, or else of the nearest table above that it is a partition of.
fn from_above(at: &Address, desired: &State) -> (Option<String>, Option<String>) {
    let Some(table) = desired.spec::<Table>(at) else { return (None, None) };
    let above = parent(at, desired).map(|parent| from_above(&parent, desired));
    let (method, space) = above.unwrap_or_default();
    (table.access_method.clone().or(method), table.tablespace.clone().or(space))
}

/// The partitions, each with the table above.
fn partitions(state: &State) -> Vec<(Address, Address)> {
    tables(state).into_iter().filter_map(|at| parent(&at, state).map(|parent| (at, parent))).collect()
}

/// The table that one is a partition of.
fn parent(at: &Address, state: &State) -> Option<Address> {
    place(at, state)?.partition_of?;
    parents(at, state).into_iter().next()
}

fn set(at: &Address, access_method: Option<String>, tablespace: Option<String>, state: &mut State) {
    if let Some(table) =
        state.spec::<Table>(at).filter(|t| t.access_method != access_method || t.tablespace != tablespace)
    {
        let table = Table { access_method, tablespace, ..table.clone() };
        state.set(at, table);
    }
}
