//! `was:` in both directions of time: a rename while the old name stands, nothing once the new one does.

use std::collections::HashMap;

use super::Input;
use super::emit::{Node, Verb};
use crate::diagnostic::Diagnostics;
use crate::kind::{Cx, find};
use crate::model::{Address, State};

/// A rename that was made: from the old address, by these statements.
pub type Renames = HashMap<Address, (Address, Vec<Node>)>;

/// Renames in `live` what `desired` says had another name, parents before children.
pub fn renames(live: &mut State, input: Input<'_>) -> Result<Renames, Diagnostics> {
    let mut out = Renames::new();
    let mut wanted: Vec<(&Address, &str)> =
        input.desired.iter().filter_map(|(at, o)| Some((at, o.was.as_deref()?))).collect();
    wanted.sort_by_key(|(at, _)| at.path().len());
    for (at, was) in wanted {
        let entry = find(input.register, at.kind());
        let old = at.parent().map_or_else(|| Address::root(at.kind(), was), |p| p.child(at.kind(), was));
        if live.contains(at) || !live.contains(&old) || input.desired.contains(&old) || !entry.rules.renames {
            continue;
        }
        let spec = live.get(&old).map(|o| o.spec.clone());
        let cx = Cx { at: &old, live, desired: input.desired, server: input.server, entry, register: input.register };
        let steps = spec.map(|s| (entry.rename)(&*s, at.key(), &cx)).unwrap_or_default();
        let nodes = steps.into_iter().map(|step| Node { at: at.clone(), verb: Verb::Rename, step }).collect();
        live.relocate(&old, at);
        for entry in input.register {
            (entry.renamed)(live, &old, at);
        }
        out.insert(at.clone(), (old, nodes));
    }
    Ok(out)
}
