//! Turns flat objects into YAML: the inverse of lowering.

use crate::kind::{Entry, Form, find, nested};
use crate::model::node::{Key, Node, Value};
use crate::model::{Address, Spec, State};

/// Returns the root node of a file that declares every object in `state` whose ancestors are in it too.
pub fn raise(state: &State, register: &'static [Entry]) -> Node {
    raise_part(state, register, &state.tops().collect::<Vec<_>>())
}

/// Returns the root node of a file that declares these top-level objects, with everything below them.
pub fn raise_part(state: &State, register: &'static [Entry], tops: &[&Address]) -> Node {
    Node::new(Value::Map(nest(state, register, None, tops)))
}

/// Returns the node of one object: the value at its key.
pub fn raise_object(state: &State, register: &'static [Entry], at: &Address) -> Option<Node> {
    let entry = find(register, at.kind());
    let object = state.get(at)?;
    let children = nest(state, register, Some(entry), &state.children(at));
    let was = object.was().map(|was| (Key::from("was"), Node::text(was)));
    let protect = object.is_protected().then(|| (Key::from("protect"), Node::plain("true")));
    let common: Vec<(Key, Node)> = was.into_iter().chain(protect).collect();
    if children.is_empty() && common.is_empty() {
        return Some((entry.write)(&*object.spec));
    }
    let mut fields = match (entry.write_long)(&*object.spec).value {
        Value::Map(fields) => fields,
        Value::Null | Value::Scalar(_) | Value::List(_) => Vec::new(),
    };
    fields.splice(0..0, common);
    fields.extend(children);
    Some(Node::new(Value::Map(fields)))
}

/// Returns the entries below one parent, in canonical order.
fn nest(state: &State, register: &'static [Entry], parent: Option<&Entry>, children: &[&Address]) -> Vec<(Key, Node)> {
    let mut out = Vec::new();
    if children.is_empty() {
        return out;
    }
    for (entry, home) in nested(register, parent) {
        let mine: Vec<&Address> = children.iter().copied().filter(|at| at.kind() == entry.name).collect();
        if mine.is_empty() || out.iter().any(|(key, _): &(Key, Node)| &*key.text == home.key) {
            continue;
        }
        let value = match home.form {
            Form::Map => {
                let pair = |at: &&Address| Some((Key::from(at.key()), raise_object(state, register, at)?));
                Some(Node::new(Value::Map(mine.iter().filter_map(pair).collect())))
            }
            Form::One => raise_object(state, register, mine[0]),
            Form::List(field) => {
                let items = mine.iter().filter_map(|at| Some(list_item(field, at, raise_object(state, register, at)?)));
                Some(Node::new(Value::List(items.collect())))
            }
            Form::Free => {
                let specs: Vec<(&Address, &dyn Spec)> =
                    mine.iter().filter_map(|at| Some((*at, &*state.get(at)?.spec))).collect();
                (entry.raise)(&specs)
            }
        };
        out.extend(value.map(|v| (Key::from(home.key), v)));
    }
    out
}

pub(super) fn list_item(field: &str, at: &Address, node: Node) -> Node {
    match node.value {
        Value::Map(mut entries) if !entries.is_empty() => {
            entries.insert(0, (Key::from(field), Node::text(at.key())));
            Node::new(Value::Map(entries))
        }
        _ => Node::text(at.key()),
    }
}
