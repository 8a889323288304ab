//! Edits trees of nodes: finds a node by its span, removes it, or makes room in a map or list.

use crate::diagnostic::Span;
use crate::model::node::{Key, Node, Value};

/// Returns the entries of a node; none if it is not a map.
pub fn map_of(node: Node) -> Vec<(Key, Node)> {
    match node.value {
        Value::Map(entries) => entries,
        Value::Null | Value::Scalar(_) | Value::List(_) => Vec::new(),
    }
}

/// Returns the entries of a node, which becomes an empty map if it is not one.
pub fn as_map(node: &mut Node) -> &mut Vec<(Key, Node)> {
    if node.as_map().is_none() {
        node.value = Value::Map(Vec::new());
    }
    match &mut node.value {
        Value::Map(entries) => entries,
        Value::Null | Value::Scalar(_) | Value::List(_) => unreachable!("it is a map now"),
    }
}

/// Returns the items of a node. If it is not a list it becomes one, with its former value, if any, as its item.
pub fn as_list(node: &mut Node) -> &mut Vec<Node> {
    if !matches!(node.value, Value::List(_)) {
        let before = (node.value != Value::Null).then(|| node.clone());
        node.value = Value::List(before.into_iter().collect());
    }
    match &mut node.value {
        Value::List(items) => items,
        Value::Null | Value::Scalar(_) | Value::Map(_) => unreachable!("it is a list now"),
    }
}

/// Returns the value with this span, or at the key with that span.
pub fn locate(node: &mut Node, key: Span, value: Span) -> Option<&mut Node> {
    match &mut node.value {
        Value::Map(entries) => {
            for (k, v) in entries {
                if v.span == Some(value) || k.span == Some(key) {
                    return Some(v);
                }
                if let Some(found) = locate(v, key, value) {
                    return Some(found);
                }
            }
            None
        }
        Value::List(items) => {
            for item in items {
                if item.span == Some(value) {
                    return Some(item);
                }
                if let Some(found) = locate(item, key, value) {
                    return Some(found);
                }
            }
            None
        }
        Value::Null | Value::Scalar(_) => None,
    }
}

/// Removes the entry or item with this key or value span, and up to `above` enclosing entries that become empty by it.
/// Returns how many more enclosing ones may go, or `None` if nothing was found.
pub fn take_out(node: &mut Node, key: Span, value: Span, above: usize) -> Option<usize> {
    match &mut node.value {
        Value::Map(entries) => {
            for i in 0..entries.len() {
                let (k, v) = &mut entries[i];
                if k.span == Some(key) || v.span == Some(value) {
                    entries.remove(i);
                    return Some(above);
                }
                if let Some(more) = take_out(v, key, value, above) {
                    let goes = more > 0 && is_empty(v);
                    if goes {
                        entries.remove(i);
                    }
                    return Some(if goes { more - 1 } else { 0 });
                }
            }
            None
        }
        Value::List(items) => {
            for i in 0..items.len() {
                let item = &mut items[i];
                if item.span == Some(value) {
                    items.remove(i);
                    return Some(above);
                }
                if let Some(more) = take_out(item, key, value, above) {
                    let goes = more > 0 && is_empty(item);
                    if goes {
                        items.remove(i);
                    }
                    return Some(if goes { more - 1 } else { 0 });
                }
            }
            None
        }
        Value::Null | Value::Scalar(_) => None,
    }
}

fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Map(entries) => entries.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Null | Value::Scalar(_) => false,
    }
}
