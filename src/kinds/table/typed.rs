//! Tables of a composite type.
//!
//! PostgreSQL changes the attributes of such a type only together with its tables (`cascade`). So the tables first
//! leave the type (`not of`), then change their columns like any other table, and finally return to the type (`of`).

use super::{Column, Table};
use crate::diagnostic::{Code, Problem};
use crate::kind::{Cx, Kind};
use crate::kinds::attribute::Attribute;
use crate::kinds::composite_type::CompositeType;
use crate::kinds::part::TypeName;
use crate::model::{Address, KindName, Lock, State, Step};
use crate::sql;

/// How a live table stands to its composite type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tie {
    /// It has its type, or none, and keeps it.
    #[default]
    Kept,
    /// The type is to have other attributes.
    Changes,
    /// A rename of an attribute has made it leave the type already.
    Left,
}

/// Notes which live tables have a composite type whose attributes change.
pub fn note(live: &mut State, desired: &State) {
    let changes = |of: &Address| {
        let attributes = |state: &State| -> Vec<(Address, Attribute)> {
            let list = state.children_of::<Attribute>(of, Attribute::NAME);
            list.into_iter().map(|(at, a)| (at.clone(), a.clone())).collect()
        };
        desired.contains(of) && attributes(live) != attributes(desired)
    };
    let list: Vec<Address> = live.of_kind(CompositeType::NAME).iter().filter(|of| changes(of)).cloned().collect();
    for at in list.iter().flat_map(|of| of_type(of, live)).collect::<Vec<_>>() {
        tie(&at, Tie::Changes, live);
    }
}

/// Notes that tables have left a type one of whose attributes was renamed.
pub fn rekeyed(live: &mut State, old: &Address) {
    if let Some(of) = old.parent().filter(|_| old.kind() == Attribute::NAME) {
        for at in of_type(of, live) {
            tie(&at, Tie::Left, live);
        }
    }
}

fn tie(at: &Address, tie: Tie, live: &mut State) {
    if let Some(table) = live.spec::<Table>(at).filter(|t| t.tie == Tie::Kept) {
        let table = Table { tie, ..table.clone() };
        live.set(at, table);
    }
}

/// Returns the statements by which tables leave a type, before one of its attributes is renamed.
pub fn leave(of: &Address, live: &State) -> Vec<Step> {
    let tables = of_type(of, live).into_iter();
    let stays = |at: &Address| live.spec::<Table>(at).is_some_and(|t| t.tie != Tie::Left);
    tables.filter(stays).map(|at| not_of(&sql::dotted(at.path()))).collect()
}

fn not_of(table: &str) -> Step {
    Step::new(format!("alter table {table} not of")).lock(Lock::AccessExclusive).frees()
}

/// Returns the tables of a composite type.
pub fn of_type(composite: &Address, state: &State) -> Vec<Address> {
    let name = sql::dotted(composite.path());
    let is = |at: &Address| {
        state.spec::<Table>(at).and_then(|t| t.of_type.as_ref()).is_some_and(|of| of.to_string() == name)
    };
    state.of_kind(Table::NAME).into_iter().filter(is).collect()
}

/// Returns the statements by which a table leaves its type and takes the one that is wanted, where it must.
pub fn steps(wanted: Option<&TypeName>, old: &Table, cx: &Cx<'_>) -> Result<Vec<Step>, Problem> {
    if wanted == old.of_type.as_ref() && old.tie == Tie::Kept {
        return Ok(Vec::new());
    }
    let leave = (old.of_type.is_some() && old.tie != Tie::Left).then(|| not_of(&cx.identity()));
    let take = wanted.map(|of| take(&of.to_string(), cx)).transpose()?;
    Ok(leave.into_iter().chain(take).collect())
}

/// Returns the statement that gives the table a type, once its columns and the attributes are as they are to be.
fn take(of: &str, cx: &Cx<'_>) -> Result<Step, Problem> {
    if let Some(problem) = misfit(of, cx) {
        return Err(problem);
    }
    let columns = |state: &State| -> Vec<Address> {
        state.children(cx.at).into_iter().filter(|c| c.kind() == Column::NAME).cloned().collect()
    };
    let step = Step::new(format!("alter table {} of {of}", cx.identity())).lock(Lock::AccessExclusive);
    let needs = [cx.live, cx.desired].into_iter().flat_map(|s| attributes(of, s).into_iter().chain(columns(s)));
    Ok(step.late().needs(needs))
}

/// Returns why the table cannot have a type, if so: its new columns are at the end, wherever the type has the
/// attributes.
fn misfit(of: &str, cx: &Cx<'_>) -> Option<Problem> {
    let names = |state: &State, at: &Address, kind: KindName| -> Vec<String> {
        state.children(at).into_iter().filter(|c| c.kind() == kind).map(|c| c.key().to_owned()).collect()
    };
    let (old, wanted) = (names(cx.live, cx.at, Column::NAME), names(cx.desired, cx.at, Column::NAME));
    let stays = old.iter().filter(|name| wanted.contains(name));
    let columns: Vec<&String> = stays.chain(wanted.iter().filter(|name| !old.contains(name))).collect();
    let attributes = attributes(of, cx.desired);
    if attributes.iter().map(Address::key).eq(columns.iter().map(|name| name.as_str())) {
        return None;
    }
    let message = format!("{} can't have the columns of `{of}` in its order", cx.at);
    Some(Problem::new(Code::Refused, message).help("put new attributes last, and name the same columns in the table"))
}

/// Returns the attributes of a type, in order.
fn attributes(of: &str, state: &State) -> Vec<Address> {
    let types = state.of_kind(CompositeType::NAME);
    let composite = types.iter().find(|at| sql::dotted(at.path()) == of);
    let children = composite.map(|at| state.children(at)).unwrap_or_default();
    children.into_iter().filter(|c| c.kind() == Attribute::NAME).cloned().collect()
}
