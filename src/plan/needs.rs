//! What an object of the wanted state needs before it, by what it refers to and by the names in its text.

use super::Input;
use super::graph::Edge;
use crate::kind::names::Names;
use crate::kind::{RELATION, Reference, References, find};
use crate::model::{Address, Object};

/// What an object of the wanted state needs before it.
pub fn needs(input: Input<'_>, names: &Names, at: &Address, object: &Object) -> Vec<(Address, Edge)> {
    let mut references = References::default();
    (find(input.register, at.kind()).references)(&*object.spec, at, &mut references);
    // What stands in its parent's brackets refers to nothing outside of them: a word in its text is a sibling.
    let closed = (find(input.register, at.kind()).inline)(&*object.spec, at).is_some();
    let mut out = Vec::new();
    for (reference, _) in references.list {
        let Reference::Text(text) = &reference else {
            out.extend(names.resolve(&reference, at).into_iter().map(|to| (to, Edge::Hard)));
            continue;
        };
        // A word in the text of a part is a column that is called as the whole.
        for (to, in_full) in names.in_text(text, at).into_iter().filter(|(to, _)| !closed && !at.is_within(to)) {
            let edge = if in_full { Edge::Soft } else { Edge::Faint };
            out.extend(parts(input, &to).into_iter().map(|part| (part, edge)));
            out.push((to, edge));
        }
    }
    out
}

/// What text that names an object may rest on besides: its columns, and the keys that say what a row depends on.
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
