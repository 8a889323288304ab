//! A value in place of another: what both say keeps its place in the file, and with it its comments and its layout.

use super::format::alike;
use crate::model::node::{Key, Node, Value};

/// `new`, with the places of what `old` says too. Keys keep the order of the file; new ones stand behind those that they
/// follow in `new`.
pub fn graft(old: &Node, new: Node) -> Node {
    if alike(old, &new) {
        return old.clone();
    }
    let value = match (&old.value, new.value) {
        (Value::Map(old), Value::Map(new)) if !old.is_empty() => Value::Map(entries(old, new)),
        (Value::List(old), Value::List(new)) if !old.is_empty() => Value::List(items(old, new)),
        (_, new) => return Node::new(new),
    };
    Node { value, span: old.span }
}

fn entries(old: &[(Key, Node)], new: Vec<(Key, Node)>) -> Vec<(Key, Node)> {
    let mut out: Vec<(Key, Node)> =
        old.iter().filter(|(key, _)| new.iter().any(|(k, _)| k.text == key.text)).cloned().collect();
    let mut last = None;
    for (key, value) in new {
        if let Some(at) = out.iter().position(|(k, _)| k.text == key.text) {
            out[at].1 = graft(&out[at].1, value);
            last = Some(at);
        } else {
            let at = last.map_or(0, |i: usize| i + 1);
            out.insert(at, (key, value));
            last = Some(at);
        }
    }
    out
}

/// Items in the new order; each takes the place of an equal one.
fn items(old: &[Node], new: Vec<Node>) -> Vec<Node> {
    let mut left: Vec<&Node> = old.iter().collect();
    let take = |item: Node| match left.iter().position(|o| alike(o, &item)) {
        Some(at) => left.remove(at).clone(),
        None => item,
    };
    new.into_iter().map(take).collect()
}
