//! A node to canonical YAML text that every reader of YAML 1.1 and 1.2 reads the same.
//!
//! Written by hand: the serializer of the YAML crate chooses between flow and block, and between quotes, a document or
//! a wrapper type at a time, while the form here depends on what each node holds and how wide it gets. Lines are never
//! folded.

mod scalar;

use crate::model::node::{Key, Node, Value};
use scalar::{Context, block, inline};

/// A list of scalars goes on one line up to this column.
const LIST_WIDTH: usize = 100;
/// A short map of scalars goes on one line up to this column.
const MAP_WIDTH: usize = 80;
/// The most entries of a map on one line.
const MAP_ENTRIES: usize = 3;
/// The most characters of a key that is written `key: value`: YAML's limit, with room for quotes.
const KEY_WIDTH: usize = 1000;

/// The text of `node`, ending in a line break: two spaces a level, text of several lines as literal blocks, quotes
/// only where a reader might see something else than text.
pub fn write(node: &Node) -> String {
    let mut out = String::new();
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => map(&mut out, entries, 0),
        Value::List(items) if !items.is_empty() => list(&mut out, items, 0),
        Value::Null | Value::Scalar(_) | Value::List(_) | Value::Map(_) => {
            out.push_str(&flow(node, Context::Block).unwrap_or_default());
            out.push('\n');
        }
    }
    out
}

/// The entries of a map in block form; the cursor stands at column `indent`.
fn map(out: &mut String, entries: &[(Key, Node)], indent: usize) {
    for (i, (key, node)) in entries.iter().enumerate() {
        if i > 0 {
            pad(out, indent);
        }
        let text = inline(&key.text, false, Context::Key);
        let width = text.chars().count();
        if width > KEY_WIDTH {
            out.push_str("? ");
            out.push_str(&text);
            out.push('\n');
            pad(out, indent);
        } else {
            out.push_str(&text);
        }
        out.push(':');
        let column = indent + if width > KEY_WIDTH { 1 } else { width + 1 };
        if !on_this_line(out, node, indent, column) {
            out.push('\n');
            pad(out, indent + 2);
            nested(out, node, indent + 2);
        }
    }
}

/// The items of a list in block form; the cursor stands at column `indent`.
fn list(out: &mut String, items: &[Node], indent: usize) {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            pad(out, indent);
        }
        out.push('-');
        let is_map = item.as_map().is_some_and(|entries| !entries.is_empty());
        if is_map || !on_this_line(out, item, indent, indent + 1) {
            out.push(' ');
            nested(out, item, indent + 2);
        }
    }
}

/// Goes on after the `:` or `-` of a list or map at column `indent` with a scalar or what fits on the line; false, and
/// nothing written, if `node` needs lines of its own. The cursor stands at `column`.
fn on_this_line(out: &mut String, node: &Node, indent: usize, column: usize) -> bool {
    let text = match &node.value {
        Value::Scalar(scalar) => {
            let block = block(scalar, indent + 2);
            Some(block.unwrap_or_else(|| inline(&scalar.text, scalar.plain, Context::Block) + "\n"))
        }
        Value::Null | Value::List(_) | Value::Map(_) => on_one_line(node, column + 1).map(|text| text + "\n"),
    };
    if let Some(text) = &text {
        out.push(' ');
        out.push_str(text);
    }
    text.is_some()
}

/// A list or map that is not empty, in block form.
fn nested(out: &mut String, node: &Node, indent: usize) {
    match &node.value {
        Value::Map(entries) => map(out, entries, indent),
        Value::List(items) => list(out, items, indent),
        Value::Null | Value::Scalar(_) => {}
    }
}

/// A value that goes on the line of its key: nothing, an empty list or map, or a short one of scalars.
fn on_one_line(node: &Node, column: usize) -> Option<String> {
    let limit = match &node.value {
        Value::List(items) if !items.is_empty() => LIST_WIDTH,
        Value::Map(entries) if entries.len() > MAP_ENTRIES => return None,
        Value::Map(entries) if !entries.is_empty() => MAP_WIDTH,
        Value::Null | Value::Scalar(_) | Value::List(_) | Value::Map(_) => usize::MAX,
    };
    let text = flow(node, Context::Block)?;
    (column.saturating_add(text.chars().count()) <= limit).then_some(text)
}

/// A node in flow form, if all it holds are scalars of one line.
fn flow(node: &Node, context: Context) -> Option<String> {
    let item = |node: &Node| match &node.value {
        Value::Scalar(s) if s.text.contains('\n') => None,
        Value::Null | Value::Scalar(_) => flow(node, Context::Flow),
        Value::List(_) | Value::Map(_) => None,
    };
    match &node.value {
        Value::Null => Some("null".into()),
        Value::Scalar(scalar) => Some(inline(&scalar.text, scalar.plain, context)),
        Value::List(items) => {
            let items: Option<Vec<_>> = items.iter().map(item).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        Value::Map(entries) if entries.is_empty() => Some("{}".into()),
        Value::Map(entries) => {
            let entry = |(key, node): &(Key, Node)| {
                let key = inline(&key.text, false, Context::Flow);
                Some(format!("{key}: {}", item(node)?))
            };
            let entries: Option<Vec<_>> = entries.iter().map(entry).collect();
            Some(format!("{{ {} }}", entries?.join(", ")))
        }
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

#[cfg(test)]
mod tests;
