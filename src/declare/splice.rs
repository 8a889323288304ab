//! Puts a changed value into the text that it was read from, without touching the lines of entries that stay.

use super::format::alike;
use super::layout::{Layout, Place};
use super::write::{write_entries, write_entry, write_items, write_with};
use crate::model::node::{Key, Node, Value};

/// Returns the text with `new` in place of `old`, which is its value. Parts that both have in common carry the same
/// span in both.
pub fn splice(text: &str, layout: &Layout, old: &Node, new: &Node) -> String {
    let mut splicer = Splicer { text, layout, edits: Vec::new() };
    if !splicer.inside(old, new) {
        return write_with(new, layout);
    }
    let mut edits = splicer.edits;
    // At the same position, insertions come before replacements.
    edits.sort_by_key(|edit| (edit.start, edit.end));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        out.push_str(&text[at..edit.start]);
        if !out.is_empty() && !out.ends_with('\n') && !edit.text.is_empty() {
            out.push('\n');
        }
        out.push_str(&edit.text);
        at = edit.end;
    }
    out.push_str(&text[at..]);
    out
}

/// A replacement of whole lines.
struct Edit {
    start: usize,
    end: usize,
    text: String,
}

struct Splicer<'t> {
    text: &'t str,
    layout: &'t Layout,
    edits: Vec<Edit>,
}

impl Splicer<'_> {
    /// Records the edits that turn `old` into `new` entry by entry. Returns `false` if the value must be rewritten as a
    /// whole.
    fn inside(&mut self, old: &Node, new: &Node) -> bool {
        if alike(old, new) {
            return true;
        }
        let same_place = old.span.is_some() && old.span == new.span && !self.is_flow(old);
        match (&old.value, &new.value) {
            (Value::Map(old), Value::Map(new)) if same_place && !new.is_empty() && !old.is_empty() => {
                self.entries(old, new);
                true
            }
            (Value::List(old), Value::List(new)) if same_place && !new.is_empty() && self.is_ordered(old, new) => {
                self.items(old, new);
                true
            }
            _ => false,
        }
    }

    fn is_flow(&self, node: &Node) -> bool {
        node.span.is_some_and(|s| self.text[s.start as usize..].starts_with(['{', '[']))
    }

    /// Returns whether the items that stay are in the same order as before.
    fn is_ordered(&self, old: &[Node], new: &[Node]) -> bool {
        let places: Vec<_> = new.iter().filter_map(|item| item.span).map(|s| s.start).collect();
        old.first().is_some_and(|first| self.dash(first).is_some()) && places.is_sorted()
    }

    fn entries(&mut self, old: &[(Key, Node)], new: &[(Key, Node)]) {
        let indent = old.first().and_then(|(key, _)| key.span).map_or(0, |s| self.column(s.start as usize));
        for (key, node) in old {
            let start = key.span.map_or(0, |s| s.start as usize);
            match new.iter().find(|(k, _)| k.text == key.text) {
                None => {
                    let end = self.end(Place::entry(key), node, start);
                    self.remove(start, end);
                }
                Some((_, wanted)) if !self.inside(node, wanted) => {
                    let end = self.end(Place::entry(key), node, start);
                    let lines = write_entry(key, wanted, indent, self.layout);
                    self.replace(self.line(start), start, end, lines);
                }
                Some(_) => {}
            }
        }
        let mut after: Option<usize> = None;
        for (key, node) in new {
            if let Some((key, node)) = old.iter().find(|(k, _)| k.text == key.text) {
                let start = key.span.map_or(0, |s| s.start as usize);
                after = Some(self.end(Place::entry(key), node, start));
            } else {
                let first = old.first().and_then(|(k, _)| k.span).map_or(0, |s| s.start as usize);
                let at = after.unwrap_or_else(|| self.above(first));
                let text = write_entries(&[(key.clone(), node.clone())], indent, self.layout);
                self.edits.push(Edit { start: at, end: at, text });
            }
        }
    }

    fn items(&mut self, old: &[Node], new: &[Node]) {
        let Some(indent) = old.first().and_then(|first| self.dash(first)).map(|at| self.column(at)) else { return };
        for item in old {
            let Some(start) = self.dash(item) else { continue };
            if !new.iter().any(|n| n.span == item.span) {
                let end = self.end(Place::item(item), item, start);
                self.remove(start, end);
            }
        }
        let mut after: Option<usize> = None;
        for item in new {
            if let Some(before) = old.iter().find(|o| o.span == item.span) {
                let Some(start) = self.dash(before) else { continue };
                let end = self.end(Place::item(before), before, start);
                if !alike(before, item) {
                    let lines = write_items(std::slice::from_ref(item), indent, self.layout);
                    self.replace(self.above(start), start, end, lines);
                }
                after = Some(end);
            } else {
                let first = old.first().and_then(|first| self.dash(first)).unwrap_or(0);
                let at = after.unwrap_or_else(|| self.above(first));
                let text = write_items(std::slice::from_ref(item), indent, self.layout);
                self.edits.push(Edit { start: at, end: at, text });
            }
        }
    }

    /// Replaces the lines from `from` to `end`. Text before the entry on its first line is kept.
    fn replace(&mut self, from: usize, start: usize, end: usize, lines: String) {
        let lead = &self.text[self.line(start)..start];
        let text = if lead.trim().is_empty() { lines } else { format!("{lead}{}", lines.trim_start()) };
        self.edits.push(Edit { start: from, end, text });
    }

    /// Removes the lines of an entry, with the comments directly above it.
    fn remove(&mut self, start: usize, end: usize) {
        let lead = &self.text[self.line(start)..start];
        if lead.trim().is_empty() {
            self.edits.push(Edit { start: self.above(start), end, text: String::new() });
        } else {
            // It is the first entry of a list item: the next entry moves up to the dash.
            let next = self.text[end..].trim_start_matches(' ');
            let skipped = self.text.len() - next.len();
            self.edits.push(Edit { start, end: skipped, text: String::new() });
        }
    }

    /// Returns the start of the line that contains a position.
    fn line(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |i| i + 1)
    }

    fn column(&self, at: usize) -> usize {
        at - self.line(at)
    }

    /// Returns the start of the comments directly above an entry and at its column, or else of its line.
    fn above(&self, start: usize) -> usize {
        let column = self.column(start);
        let mut from = self.line(start);
        while let Some(end) = from.checked_sub(1) {
            let line = self.line(end);
            let text = &self.text[line..end];
            let is_comment = text.trim_start().starts_with('#') && text.len() - text.trim_start().len() == column;
            if !is_comment {
                break;
            }
            from = line;
        }
        from
    }

    /// Returns the end of an entry's lines, including comments at the end of its value.
    fn end(&self, place: Place, node: &Node, start: usize) -> usize {
        let last = self.last(place, node).max(start);
        self.text[last..].find('\n').map_or(self.text.len(), |i| last + i + 1)
    }

    fn last(&self, place: Place, node: &Node) -> usize {
        let own = node.span.map_or(0, |s| s.end as usize).max(self.layout.end(place));
        match &node.value {
            Value::Map(entries) => {
                entries.iter().map(|(key, value)| self.last(Place::entry(key), value)).fold(own, usize::max)
            }
            Value::List(items) => items.iter().map(|item| self.last(Place::item(item), item)).fold(own, usize::max),
            Value::Null | Value::Scalar(_) => own,
        }
    }

    /// Returns the position of a list item's dash.
    fn dash(&self, item: &Node) -> Option<usize> {
        let before = self.text[..item.span?.start as usize].trim_end_matches(' ');
        before.ends_with('-').then(|| before.len() - 1)
    }
}
