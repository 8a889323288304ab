//! Indexes and unique constraints of a partition that stand beside the part of one above which is defined like them.
//!
//! PostgreSQL takes the oldest that fits for the part. One that comes later is the partition's own, and goes only if it is
//! dropped by itself.

use super::Index;
use super::apart::{has_key_as_part, is_apart};
use super::keyed::aside;
use crate::diagnostic::{Code, Problem};
use crate::kind::{Cx, Kind as _};
use crate::kinds::table::only::{is_only, stays_in_place};
use crate::kinds::table::{is_part, is_partition, makes, parents};
use crate::kinds::unique::Unique;
use crate::model::{Address, Lock, State, Step};

/// Returns the indexes or unique constraints of the nearest table above that has some, which the one at `at` is defined like.
fn twins(at: &Address, state: &State) -> Vec<Address> {
    let mut table = at.parent().filter(|_| [Index::NAME, Unique::NAME].contains(&at.kind())).cloned();
    while let Some(heir) = table.filter(|table| is_partition(table, state)) {
        table = parents(&heir, state).into_iter().next();
        let theirs = table.as_ref().map(|table| state.children(table)).unwrap_or_default().into_iter();
        let alike: Vec<Address> = theirs.filter(|their| makes(their, at, state)).cloned().collect();
        if !alike.is_empty() {
            return alike;
        }
    }
    Vec::new()
}

/// Returns the first of them.
pub(super) fn twin(at: &Address, state: &State) -> Option<Address> {
    twins(at, state).into_iter().next()
}

/// Returns that index or constraint if it and the partition stay where they are.
pub(super) fn staying_twin(at: &Address, live: &State, desired: &State) -> Option<Address> {
    let their = twin(at, desired)?;
    let same = match (live.spec::<Unique>(&their), desired.spec::<Unique>(&their)) {
        (Some(old), Some(new)) => new.is_defined_as(old),
        _ => live.spec::<Index>(&their)?.is_defined_as(desired.spec::<Index>(&their)?),
    };
    (same && stays_in_place(at.parent()?, live, desired)).then_some(their)
}

/// Returns the part that takes the name of one which stood beside it until now, and is that part from now on.
pub fn stand_in<'a, T: 'static>(cx: &Cx<'a>) -> Option<(&'a Address, &'a T)> {
    let stood = is_apart(cx.at, cx.live) && !is_apart(cx.at, cx.desired);
    let their = staying_twin(cx.at, cx.live, cx.desired).filter(|_| stood)?;
    let own = cx.whole.children(cx.at.parent()?);
    let part = own.into_iter().find(|own| is_part(own, cx.whole) && makes(&their, own, cx.whole))?;
    Some((part, cx.whole.spec(part)?))
}

/// Returns `drop` of a part whose place another is to take, which is then made by PostgreSQL as the partition is attached
/// again.
pub fn give_place(drop: Step, cx: &Cx<'_>) -> Option<Vec<Step>> {
    let table = cx.at.parent().filter(|_| is_part(cx.at, cx.live) && is_apart(cx.at, cx.desired))?;
    staying_twin(cx.at, cx.live, cx.desired)?;
    Some(aside(std::slice::from_ref(table), drop.lock(Lock::AccessExclusive), cx))
}

/// Refuses `apart` where there is no part to stand beside, and what would be the part of an index or constraint above that has
/// one.
pub(super) fn check_twin(at: &Address, their: &Address, desired: &State) -> Option<(Problem, &'static str)> {
    let wrong = |message: String, help: &str| Problem::new(Code::WrongType, message).help(help);
    let table = at.parent()?;
    let alike = |own: &&Address| *own != at && twin(own, desired).as_ref() == Some(their) && !is_apart(own, desired);
    let own = desired.children(table);
    let mut before = own.iter().copied().take_while(|own| *own != at).filter(alike);
    if let Some(part) = before.nth(twins(at, desired).len() - 1).filter(|_| !is_apart(at, desired)) {
        let message = format!("{part} is the table's part of {their} already");
        return Some((wrong(message, "say `apart: true` of one of them"), "columns"));
    }
    let only = is_only(their, desired) && !own.iter().any(alike);
    let keyed = has_key_as_part(table, their, desired);
    let message = || format!("{their} has no part here that it could stand beside");
    (is_apart(at, desired) && (only || keyed)).then(|| (wrong(message(), "remove `apart`"), "apart"))
}
