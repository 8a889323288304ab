//! Determines which part of a live database the project manages.

use std::collections::HashSet;
use std::sync::Arc;

use globset::GlobSet;

use crate::kind::{Entry, Renaming, Scope, find};
use crate::model::{Address, Manage, Spec, State};

/// Removes from `live` what the project does not manage, and from both states what `exclude` matches.
pub fn project(live: &mut State, desired: &mut State, manage: Manage, exclude: &GlobSet, register: &'static [Entry]) {
    let excluded = |at: &Address| !exclude.is_empty() && exclude.is_match(at.path().join("."));
    desired.retain(|at, _| !excluded(at));
    let renamed = renamed(live, desired);
    let known = known(live, desired, register);
    let moves = moves(desired);
    live.retain(|at, object| {
        let entry = find(register, at.kind());
        let whole = entry.rules.scope == Scope::Database && manage == Manage::Database;
        let in_scope = || {
            let (now, spec) = followed(at, object.spec.clone(), &moves, register);
            (entry.in_scope)(&*spec, &now, desired)
        };
        let in_scope = whole || at.parent().is_some() || renamed.contains(at) || in_scope();
        in_scope && !excluded(at) && (known.contains(at) || (entry.managed)(&*object.spec, at, desired))
    });
}

/// Returns the address and spec of a top-level object as they will be once everything that they name is renamed.
fn followed(
    at: &Address,
    spec: Arc<dyn Spec>,
    moves: &[(Address, Address)],
    register: &'static [Entry],
) -> (Address, Arc<dyn Spec>) {
    let entry = find(register, at.kind());
    moves.iter().fold((at.clone(), spec), |(at, spec), (from, to)| {
        let renaming = Renaming::new(&at, from, to, &find(register, from.kind()).rules);
        let spec = (entry.follow)(&*spec, renaming);
        let key = (entry.key_after)(&*spec, at.key(), renaming);
        (key.map_or_else(|| at.clone(), |key| Address::root(at.kind(), &key)), spec)
    })
}

/// Returns the live top-level objects that `was:` names and that are to be renamed: the new name is free, or the object
/// that has it is itself renamed.
fn renamed(live: &State, desired: &State) -> HashSet<Address> {
    let top = desired.iter().filter(|(at, _)| at.parent().is_none());
    let mut waiting: Vec<(&Address, Address)> =
        top.filter_map(|(at, object)| Some((at, Address::root(at.kind(), object.was()?)))).collect();
    let mut out = HashSet::new();
    loop {
        let free = |(at, _): &(&Address, Address)| !live.contains(at) || out.contains(*at);
        let (found, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(free);
        if found.is_empty() {
            return out;
        }
        out.extend(found.into_iter().map(|(_, old)| old));
        waiting = rest;
    }
}

/// Returns the renames that `was:` asks for, parents before children.
fn moves(desired: &State) -> Vec<(Address, Address)> {
    let from = |at: &Address, was: &str| match at.parent() {
        Some(parent) => parent.child(at.kind(), was),
        None => Address::root(at.kind(), was),
    };
    let was = desired.iter().filter_map(|(at, object)| Some((from(at, object.was()?), at.clone())));
    let mut list: Vec<(Address, Address)> = was.collect();
    list.sort_by_key(|(_, at)| (at.path().len(), at.clone()));
    list
}

/// Returns live objects that are equal to a missing declared one of a kind whose names matter little
/// (`Rules::nameless`), and whose own name is not declared. They are taken for the declared ones.
fn known(live: &State, desired: &State, register: &'static [Entry]) -> HashSet<Address> {
    let nameless = register.iter().filter(|entry| entry.rules.nameless).flat_map(|entry| desired.of_kind(entry.name));
    let missing = nameless.filter(|at| !live.contains(at));
    let known = missing.filter_map(|at| {
        let wanted = desired.get(&at).filter(|wanted| wanted.was().is_none())?;
        let is_it = |other: &&Address| {
            other.kind() == at.kind()
                && !desired.contains(other)
                && live.get(other).is_some_and(|o| o.spec.same(&*wanted.spec))
        };
        live.children(at.parent()?).into_iter().find(is_it).cloned()
    });
    known.collect()
}
