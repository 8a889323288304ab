//! Measures how much two objects look alike, which tells a rename where names cannot.

use super::emit::Verb;
use super::{Change, Input, PlanStep};
use crate::kind::{Reference, References, Under, find};
use crate::model::node::{Key, Node};
use crate::model::{Address, HazardClass, Spec, State};

/// Returns the number of fields in which the live object at `there` (or nothing, for `None`) differs from the one
/// declared at `at`. What clients see below them counts, and so do owners, comments and grants.
pub fn distance(at: &Address, there: Option<&Address>, live: &State, input: Input<'_>) -> usize {
    let mut sum = 0;
    for wanted in parts(at, input.desired, input) {
        let old = there.map(|t| wanted.moved(at, t));
        let side = |state: &State, at: &Address| state.get(at).map(|o| o.spec.clone());
        let (new, old) = (side(input.desired, &wanted), old.and_then(|old| side(live, &old)));
        sum += unequal(&wanted, new.as_deref(), old.as_deref(), input).len();
    }
    let Some(there) = there else { return sum };
    for old in parts(there, live, input) {
        if !input.desired.contains(&old.moved(there, at)) {
            let spec = live.get(&old).map(|o| &*o.spec);
            sum += unequal(&old, None, spec, input).len();
        }
    }
    sum
}

/// Returns hints about dropped objects that might have been meant to be renamed: an object of the same shape is added
/// beside them.
pub fn hints(changes: &[Change], steps: &[PlanStep], input: Input<'_>) -> Vec<String> {
    let renames = |at: &Address| {
        let rules = &find(input.register, at.kind()).rules;
        rules.renames && rules.visible
    };
    let of = |verb: Verb| changes.iter().filter(move |c| c.verb == verb && renames(&c.at)).map(|c| &c.at);
    let loses = |at: &Address| {
        let data = |s: &PlanStep| s.at == *at && s.hazards.iter().any(|h| h.class == HazardClass::Data);
        steps.iter().any(data)
    };
    let dropped: Vec<&Address> = of(Verb::Drop).collect();
    let mut added: Vec<&Address> = of(Verb::Create).collect();
    added.retain(|at| dropped.iter().any(|d| (d.kind(), d.parent()) == (at.kind(), at.parent())));
    let mut hints = Vec::new();
    for old in dropped {
        // If rows are lost, a hint is given even if SQL text differs: PostgreSQL may merely spell it differently.
        let loosely = loses(old);
        let wanted = shape(old, input.live, loosely, input);
        let like = |at: &&Address| {
            (at.kind(), at.parent()) == (old.kind(), old.parent()) && shape(at, input.desired, loosely, input) == wanted
        };
        let Some(found) = added.iter().position(like) else { continue };
        let new = added.remove(found);
        let was = old.key();
        hints.push(format!("{old} is dropped and {new} of the same shape is added: `was: {was}` would rename it"));
    }
    hints
}

/// Describes an object and what clients see below it, without its own name; also without SQL text if `loosely`.
fn shape(at: &Address, state: &State, loosely: bool, input: Input<'_>) -> Vec<String> {
    let depth = at.path().len();
    let mut lines = Vec::new();
    for part in parts(at, state, input) {
        if !find(input.register, part.kind()).rules.visible {
            continue;
        }
        let Some(object) = state.get(&part) else { continue };
        let texts = if loosely { texts(&part, &*object.spec, input) } else { Vec::new() };
        lines.push(format!("{:?} {:?}", part.kind(), &part.path()[depth..]));
        for (key, node) in fields(&part, &*object.spec, input) {
            let value = if texts.contains(&&*key.text) { None } else { Some(node.value) };
            lines.push(format!("{} {value:?}", key.text));
        }
    }
    lines.sort();
    lines
}

/// Returns an object and what is below it, except for indexes, constraints and others whose names derive from the
/// object's.
fn parts(at: &Address, state: &State, input: Input<'_>) -> Vec<Address> {
    let counts = |at: &Address| {
        let entry = find(input.register, at.kind());
        let says = |under: Under| matches!(under, Under::Owned | Under::Commented | Under::Granted);
        entry.rules.visible || entry.homes.iter().any(|h| says(h.under))
    };
    let mut all = state.descendants(at);
    all.retain(|a| std::iter::once(a).chain(a.ancestors().take_while(|p| *p != at)).all(counts));
    if state.contains(at) {
        all.push(at.clone());
    }
    all
}

/// Returns the fields in which two specs of a kind differ. If only one side has the object, these are all its fields,
/// and an empty name for the object itself.
fn unequal(at: &Address, new: Option<&dyn Spec>, old: Option<&dyn Spec>, input: Input<'_>) -> Vec<String> {
    let fields = |spec: &dyn Spec| fields(at, spec, input);
    let names = |list: &[(Key, Node)]| list.iter().map(|(key, _)| key.text.to_string()).collect::<Vec<_>>();
    match (new, old) {
        (Some(new), Some(old)) if new.same(old) => Vec::new(),
        (Some(new), Some(old)) => {
            let (new, old) = (fields(new), fields(old));
            let value = |list: &[(Key, Node)], key: &str| {
                list.iter().find(|(k, _)| &*k.text == key).map(|(_, node)| node.value.clone())
            };
            let mut all = [names(&new), names(&old)].concat();
            all.sort();
            all.dedup();
            all.retain(|key| value(&new, key) != value(&old, key));
            all
        }
        (Some(one), None) | (None, Some(one)) => [vec![String::new()], names(&fields(one))].concat(),
        (None, None) => Vec::new(),
    }
}

/// Returns the fields of a spec's long form.
fn fields(at: &Address, spec: &dyn Spec, input: Input<'_>) -> Vec<(Key, Node)> {
    (find(input.register, at.kind()).write_long)(spec).as_map().map(<[_]>::to_vec).unwrap_or_default()
}

/// Returns the fields of a spec that contain SQL text.
fn texts(at: &Address, spec: &dyn Spec, input: Input<'_>) -> Vec<&'static str> {
    let mut references = References::default();
    (find(input.register, at.kind()).references)(spec, at, &mut references);
    let is_text = |reference: &Reference| matches!(reference, Reference::Text(_));
    references.list.iter().filter(|(reference, _)| is_text(reference)).map(|(_, field)| *field).collect()
}
