//! `was:` in both directions of time: a rename while the old name stands, nothing once the new one does.
//!
//! Where a parent has one object of a kind at most, another name of it is a rename without `was:`. So it is where names
//! are of little weight (an index, a constraint) and one just like it stands there under a name that is not wanted.

use std::collections::HashMap;

use super::Input;
use super::emit::{Node, Verb};
use crate::kind::{Cx, Entry, Form, find};
use crate::model::{Address, State};

/// A rename that was made: from the old address, by these statements.
pub type Renames = HashMap<Address, (Address, Vec<Node>)>;

/// Renames in `live` what `desired` says had another name, parents before children.
pub fn renames(live: &mut State, input: Input<'_>) -> Renames {
    let mut out = Renames::new();
    let mut wanted: Vec<(&Address, Option<&str>)> = input
        .desired
        .iter()
        .map(|(at, o)| (at, o.was.as_deref()))
        .filter(|(at, was)| was.is_some() || is_known(find(input.register, at.kind())))
        .collect();
    wanted.sort_by_key(|(at, _)| at.path().len());
    for (at, was) in wanted {
        let entry = find(input.register, at.kind());
        let Some(old) = before(at, was, entry, live, input.desired) else { continue };
        if live.contains(at) || !live.contains(&old) || input.desired.contains(&old) || !entry.rules.renames {
            continue;
        }
        let spec = live.get(&old).map(|o| o.spec.clone());
        let cx = Cx { at: &old, live, desired: input.desired, server: input.server, entry, register: input.register };
        let steps = spec.map(|s| (entry.rename)(&*s, at.key(), &cx)).unwrap_or_default();
        let nodes = steps.into_iter().map(|step| Node { at: at.clone(), verb: Verb::Rename, step }).collect();
        live.relocate(&old, at);
        for entry in input.register {
            (entry.rekeyed)(live, &old, at);
        }
        follow(live, &old, at, input);
        out.insert(at.clone(), (old, nodes));
    }
    out
}

/// The address that an object may have had.
fn before(at: &Address, was: Option<&str>, entry: &Entry, live: &State, desired: &State) -> Option<Address> {
    // The old name may be written as any key of the kind: `total` for `total(bigint)`.
    let key = |was: &str| (entry.key)(&*desired.get(at)?.spec, was, at.parent()).ok();
    match (was, at.parent()) {
        (Some(was), Some(parent)) => Some(parent.child(at.kind(), &key(was)?)),
        (Some(was), None) => Some(Address::root(at.kind(), &key(was)?)),
        (None, parent) => {
            let wanted = &desired.get(at)?.spec;
            let is_it = |other: &Address| {
                other.kind() == at.kind()
                    && (is_alone(entry)
                        || !desired.contains(other) && live.get(other).is_some_and(|o| o.spec.same(&**wanted)))
            };
            let others = live.children(parent.filter(|_| is_known(entry))?);
            others.into_iter().find(|other| is_it(other)).cloned()
        }
    }
}

/// True for a kind of which an object may be known by more than its name.
fn is_known(entry: &Entry) -> bool {
    is_alone(entry) || entry.rules.nameless
}

/// True for a kind of which a parent has one object at most, whatever its name.
fn is_alone(entry: &Entry) -> bool {
    entry.rules.renames && !entry.rules.nameless && entry.homes.iter().any(|h| h.form == Form::One)
}

/// What names a renamed object names it by its new name: PostgreSQL sees to that.
fn follow(live: &mut State, from: &Address, to: &Address, input: Input<'_>) {
    let changed: Vec<_> = live
        .iter()
        .filter_map(|(at, o)| Some((at.clone(), (find(input.register, at.kind()).renamed)(&*o.spec, at, from, to)?)))
        .collect();
    for (at, spec) in changed {
        if let Some(object) = live.get_mut(&at) {
            object.spec = spec;
        }
    }
}
