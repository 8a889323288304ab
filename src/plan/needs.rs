//! Finds what must exist before a declared object: what it refers to, and what names in its SQL text may mean.

use super::Input;
use super::graph::Edge;
use crate::kind::names::Names;
use crate::kind::{RELATION, Reference, References, find};
use crate::model::{Address, Object};

/// Returns what must exist before a declared object, with the strength of each dependency and the field that says it.
pub fn needs(input: Input<'_>, names: &Names, at: &Address, object: &Object) -> Vec<(Address, Edge, &'static str)> {
    let mut references = References::default();
    (find(input.register, at.kind()).references)(&*object.spec, at, &mut references);
    // An object written within its parent's `create` refers only to its siblings there, and so does its text.
    let closed = (find(input.register, at.kind()).inline)(&*object.spec, at).is_some();
    let mut out = Vec::new();
    for (reference, field) in references.list {
        let Reference::Text(text) = &reference else {
            out.extend(names.resolve(&reference, at).into_iter().map(|to| (to, Edge::Hard, field)));
            continue;
        };
        // If the text names an ancestor of the object, it means a column of the same name.
        for (to, in_full) in names.in_text(text, at).into_iter().filter(|(to, _)| !closed && !at.is_within(to)) {
            let edge = if in_full { Edge::Soft } else { Edge::Faint };
            out.extend(parts(input, &to).into_iter().map(|part| (part, edge, field)));
            out.push((to, edge, field));
        }
    }
    out
}

/// Returns what text that names an object may depend on too: the object's columns, and its keys, on which a query's
/// `group by` may rely.
fn parts(input: Input<'_>, at: &Address) -> Vec<Address> {
    let is_part = |at: &&Address| {
        let rules = &find(input.register, at.kind()).rules;
        rules.visible || rules.slots.contains(&RELATION)
    };
    if at.parent().is_none() {
        return Vec::new();
    }
    input.desired.children(at).into_iter().filter(is_part).cloned().collect()
}
