//! Replaces a value by another. Parts that both have in common keep their spans in the file, and so their comments and
//! layout.

use super::format::alike;
use crate::model::node::{Key, Node, Value};

/// Returns `new` with the spans of the parts that `old` has too. Keys keep the order of the file; each new one follows
/// the key that it follows in `new`.
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

/// Returns the items in their new order; each that equals an old one takes its span.
fn items(old: &[Node], new: Vec<Node>) -> Vec<Node> {
    let mut left: Vec<&Node> = old.iter().collect();
    let take = |item: Node| match left.iter().position(|o| alike(o, &item)) {
        Some(at) => left.remove(at).clone(),
        None => item,
    };
    new.into_iter().map(take).collect()
}
