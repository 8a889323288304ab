//! Writes a node as canonical YAML that every reader of YAML 1.1 and 1.2 reads the same.
//!
//! This is written by hand because the serializer of the YAML crate chooses between flow and block style, and between
//! quotes, per document or wrapper type, whereas here the style depends on the content and width of each node. Lines
//! are never folded, but scalars that a file folds stay folded.

mod scalar;

use super::layout::{Folded, Layout, Place};
use crate::model::node::{Key, Node, Value};
use scalar::{Context, block, inline};

/// How many columns deeper each level is.
pub const STEP: usize = 2;
/// A list of scalars is written on one line if it ends by this column.
const LIST_WIDTH: usize = 100;
/// A short map of scalars is written on one line if it ends by this column.
const MAP_WIDTH: usize = 80;
/// The largest number of entries of a map on one line.
const MAP_ENTRIES: usize = 3;
/// The largest number of characters of a key written as `key: value`: YAML's limit of 1024, less room for quotes.
const KEY_WIDTH: usize = 1000;

/// Returns the text of `node`, ending in a line break. It is indented by two spaces per level; multi-line text is
/// written as literal blocks, and quotes only where a reader might not see text.
pub fn write(node: &Node) -> String {
    write_with(node, &Layout::default())
}

/// Writes like [`write()`], with the comments, blank lines and anchors of the file that the node was read from.
pub fn write_with(node: &Node, layout: &Layout) -> String {
    let mut writer = Writer { out: String::new(), layout };
    if layout.opened() {
        writer.out.push_str("---\n");
    }
    writer.above(&layout.at(Place::Root).above, 0, true);
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => writer.map(entries, 0, false),
        Value::List(items) if !items.is_empty() => writer.list(items, 0, false),
        Value::Null if is_unsaid(node) => {}
        Value::Null | Value::Scalar(_) | Value::List(_) | Value::Map(_) => {
            let text = writer.flow(node, Context::Block).unwrap_or_default();
            writer.out.push_str(&text);
            writer.out.push('\n');
        }
    }
    writer.below(Place::Root, 0);
    writer.out
}

/// Returns the entries of a map as lines that start at column `indent`.
pub fn write_entries(entries: &[(Key, Node)], indent: usize, layout: &Layout) -> String {
    let mut writer = Writer { out: String::new(), layout };
    pad(&mut writer.out, indent);
    writer.map(entries, indent, false);
    writer.out
}

/// Returns one entry of a map as lines that start at column `indent`, without the comments above it.
pub fn write_entry(key: &Key, node: &Node, indent: usize, layout: &Layout) -> String {
    let mut writer = Writer { out: String::new(), layout };
    pad(&mut writer.out, indent);
    writer.map(&[(key.clone(), node.clone())], indent, true);
    writer.out
}

/// Returns the items of a list as lines that start at column `indent`.
pub fn write_items(items: &[Node], indent: usize, layout: &Layout) -> String {
    let mut writer = Writer { out: String::new(), layout };
    pad(&mut writer.out, indent);
    writer.list(items, indent, false);
    writer.out
}

struct Writer<'l> {
    out: String,
    layout: &'l Layout,
}

impl Writer<'_> {
    /// Writes the entries of a map in block style; the cursor is at column `indent`. `hoisted`: the comments above the
    /// first entry have been written already.
    fn map(&mut self, entries: &[(Key, Node)], indent: usize, hoisted: bool) {
        for (i, (key, node)) in entries.iter().enumerate() {
            let place = Place::entry(key);
            if i > 0 {
                pad(&mut self.out, indent);
            }
            if i > 0 || !hoisted {
                self.above(&self.layout.at(place).above, indent, i == 0);
            }
            let text = inline(&key.text, false, Context::Key);
            let width = text.chars().count();
            if width > KEY_WIDTH {
                self.out.push_str("? ");
                self.out.push_str(&text);
                self.out.push('\n');
                pad(&mut self.out, indent);
            } else {
                self.out.push_str(&text);
            }
            self.out.push(':');
            let column = indent + if width > KEY_WIDTH { 1 } else { width + 1 };
            let column = column + self.anchor(node);
            if !self.on_this_line(place, node, indent, column) {
                self.beside(place);
                self.out.push('\n');
                pad(&mut self.out, indent + STEP);
                self.nested(node, indent + STEP, false);
            }
            self.below(place, indent + STEP);
        }
    }

    /// Writes the items of a list in block style; the cursor is at column `indent`.
    fn list(&mut self, items: &[Node], indent: usize, hoisted: bool) {
        for (i, item) in items.iter().enumerate() {
            let place = Place::item(item);
            if i > 0 {
                pad(&mut self.out, indent);
            }
            let is_map = item.as_map().is_some_and(|entries| !entries.is_empty());
            if i > 0 || !hoisted {
                self.above(&self.over(item, indent), indent, i == 0);
            }
            self.out.push('-');
            let column = indent + 1 + self.anchor(item);
            if is_map || !self.on_this_line(place, item, indent, column) {
                if self.layout.anchor(item).is_some() {
                    self.out.push('\n');
                    pad(&mut self.out, indent + STEP);
                } else {
                    self.out.push(' ');
                }
                self.nested(item, indent + STEP, true);
            }
            self.below(place, indent + STEP);
        }
    }

    /// Returns the comments and blank lines above a list item, including those above the first entry or item inside it.
    fn over(&self, item: &Node, indent: usize) -> Vec<Box<str>> {
        if self.layout.is_bare() {
            return Vec::new();
        }
        let around = self.layout.at(Place::item(item));
        let mut lines = around.above.clone();
        match &item.value {
            Value::Map(entries) if !entries.is_empty() => {
                lines.extend(around.beside.clone());
                lines.extend(self.layout.at(Place::entry(&entries[0].0)).above.clone());
            }
            Value::List(items)
                if !items.is_empty() && self.on_one_line(Place::item(item), item, indent + STEP).is_none() =>
            {
                lines.extend(around.beside.clone());
                lines.extend(self.over(&items[0], indent + STEP));
            }
            Value::Null | Value::Scalar(_) | Value::List(_) | Value::Map(_) => {}
        }
        lines
    }

    /// Writes a scalar, or a list or map that fits on the line, after the `:` or `-` of a list or map at column
    /// `indent`. The cursor is at `column`. Returns `false`, having written nothing, if `node` needs lines of its own.
    fn on_this_line(&mut self, place: Place, node: &Node, indent: usize, column: usize) -> bool {
        if let Some(folded) = self.layout.folded(node) {
            self.folded(place, folded, indent);
            return true;
        }
        let text = match &node.value {
            Value::Scalar(scalar) if !self.layout.is_alias(node) => match block(scalar, indent + STEP) {
                Some(block) => block,
                None => inline(&scalar.text, scalar.plain, Context::Block) + "\n",
            },
            Value::Null if is_unsaid(node) => "\n".to_owned(),
            Value::Null | Value::Scalar(_) | Value::List(_) | Value::Map(_) => {
                match self.on_one_line(place, node, column + 1) {
                    Some(text) => text + "\n",
                    None => return false,
                }
            }
        };
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        if !first.is_empty() {
            self.out.push(' ');
            self.out.push_str(first);
        }
        self.beside(place);
        self.out.push('\n');
        self.out.push_str(rest);
        true
    }

    /// Writes a folded scalar with its lines as they were.
    fn folded(&mut self, place: Place, folded: &Folded, indent: usize) {
        let mut lines = folded.lines.iter();
        self.out.push(' ');
        self.out.push_str(lines.next().map_or("", |l| l));
        if folded.block {
            self.beside(place);
        }
        for line in lines {
            self.out.push('\n');
            if !line.is_empty() {
                pad(&mut self.out, indent + STEP);
                self.out.push_str(line);
            }
        }
        if !folded.block {
            self.beside(place);
        }
        self.out.push('\n');
    }

    /// Writes a list or map that is not empty in block style.
    fn nested(&mut self, node: &Node, indent: usize, hoisted: bool) {
        match &node.value {
            Value::Map(entries) => self.map(entries, indent, hoisted),
            Value::List(items) => self.list(items, indent, hoisted),
            Value::Null | Value::Scalar(_) => {}
        }
    }

    /// Returns a value that goes on the line of its key: nothing, an empty list or map, or a short one of scalars.
    fn on_one_line(&self, place: Place, node: &Node, column: usize) -> Option<String> {
        if !self.layout.is_quiet(node) {
            return None;
        }
        let limit = match &node.value {
            Value::List(items) if !items.is_empty() && self.layout.is_footed(place) => return None,
            Value::Map(entries) if !entries.is_empty() && self.layout.is_footed(place) => return None,
            Value::List(items) if !items.is_empty() => LIST_WIDTH,
            Value::Map(entries) if entries.len() > MAP_ENTRIES => return None,
            Value::Map(entries) if !entries.is_empty() => MAP_WIDTH,
            Value::Null | Value::Scalar(_) | Value::List(_) | Value::Map(_) => usize::MAX,
        };
        let text = self.flow(node, Context::Block)?;
        (column.saturating_add(text.chars().count()) <= limit).then_some(text)
    }

    /// Returns a node in flow style, if it contains only scalars without line breaks.
    fn flow(&self, node: &Node, context: Context) -> Option<String> {
        let item = |node: &Node| match &node.value {
            Value::Scalar(s) if s.text.contains('\n') => None,
            Value::Null | Value::Scalar(_) => self.flow(node, Context::Flow),
            Value::List(_) | Value::Map(_) => None,
        };
        match &node.value {
            Value::Null => Some("null".into()),
            Value::Scalar(scalar) if self.layout.is_alias(node) => Some(scalar.text.to_string()),
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

    /// Writes the anchor of a value, and returns its width.
    fn anchor(&mut self, node: &Node) -> usize {
        let Some(name) = self.layout.anchor(node) else { return 0 };
        self.out.push_str(" &");
        self.out.push_str(name);
        name.chars().count() + 2
    }

    /// Writes the lines above an entry; the cursor is at column `indent` before and after. Blank lines at the beginning
    /// are left out.
    fn above(&mut self, lines: &[Box<str>], indent: usize, first: bool) {
        let mut first = first && (indent > 0 || self.out.is_empty());
        for line in lines {
            if line.is_empty() {
                if first || self.out.trim_end_matches(' ').ends_with("\n\n") {
                    continue;
                }
                self.out.truncate(self.out.trim_end_matches(' ').len());
            }
            first = false;
            self.out.push_str(line);
            self.out.push('\n');
            pad(&mut self.out, indent);
        }
    }

    /// Writes the comment at the end of an entry's first line.
    fn beside(&mut self, place: Place) {
        if let Some(comment) = &self.layout.at(place).beside {
            self.out.push(' ');
            self.out.push_str(comment);
        }
    }

    /// Writes the lines after the last entry of the value at `place`.
    fn below(&mut self, place: Place, indent: usize) {
        for line in &self.layout.at(place).below {
            if !line.is_empty() {
                pad(&mut self.out, indent);
                self.out.push_str(line);
            }
            if !line.is_empty() || !self.out.is_empty() && !self.out.ends_with("\n\n") {
                self.out.push('\n');
            }
        }
    }
}

/// Returns whether a file leaves the value out: `key:`.
fn is_unsaid(node: &Node) -> bool {
    node.span.is_some_and(|span| span.start == span.end)
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

#[cfg(test)]
mod tests;
