//! The layout of a file: comments, blank lines, anchors and folded lines. Each is attached to the entry that it belongs
//! to, so that entries can be moved and rewritten along with it.
//!
//! A comment on a line of its own belongs to the entry below it; if it is indented deeper than that entry, it belongs
//! to the end of what is above. A comment at the end of a line belongs to the value that starts or, failing that, ends
//! on that line.

use std::collections::{HashMap, HashSet};

use super::yaml::notes::{self, Notes};
use crate::model::node::{Key, Node, Value};

/// What layout can be attached to, identified by its start in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// The file.
    Root,
    /// An entry of a map, by its key.
    Entry(u32),
    /// An item of a list.
    Item(u32),
    /// A node that was not read from a file.
    Nowhere,
}

impl Place {
    /// Returns the place of the entry with that key.
    pub fn entry(key: &Key) -> Self {
        key.span.map_or(Self::Nowhere, |span| Self::Entry(span.start))
    }

    /// Returns the place of a list item.
    pub fn item(node: &Node) -> Self {
        node.span.map_or(Self::Nowhere, |span| Self::Item(span.start))
    }
}

/// The layout around one entry. A line is a comment with its `#`, or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Around {
    /// The lines above the entry.
    pub above: Vec<Box<str>>,
    /// The comment at the end of its first line.
    pub beside: Option<Box<str>>,
    /// The lines after the last entry of its value.
    pub below: Vec<Box<str>>,
}

/// A scalar that is folded over several lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// Whether it is a `>` block.
    pub block: bool,
    /// The lines, without their common indentation.
    pub lines: Vec<Box<str>>,
}

/// The layout of a whole file.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    around: HashMap<Place, Around>,
    anchors: HashMap<(usize, bool), Box<str>>,
    aliases: HashSet<usize>,
    folded: HashMap<usize, Folded>,
    opened: bool,
    ends: HashMap<Place, usize>,
}

static NOTHING: Around = Around { above: Vec::new(), beside: None, below: Vec::new() };

impl Layout {
    /// Reads the layout of a file whose value, as written, is `root`.
    pub fn read(text: &str, root: &Node) -> Self {
        let notes = notes::read(text);
        let mut parts = Vec::new();
        list_parts(root, None, &notes, text, &mut parts);
        let scalar = root.as_text().and(root.span).map_or(0, |span| span.start as usize);
        let mut attaching = Attaching { text, scalar, parts, around: HashMap::new(), ends: HashMap::new() };
        for (start, end) in &notes.comments {
            attaching.comment(*start, *end);
        }
        attaching.blanks();
        attaching.head();
        Self {
            around: attaching.around,
            ends: attaching.ends,
            folded: notes.folded.iter().filter_map(|f| Some((f.0, folded(text, *f)?))).collect(),
            anchors: notes.anchors,
            aliases: notes.aliases.into_iter().collect(),
            opened: notes.opened,
        }
    }

    /// Returns whether the file starts with `---`.
    pub fn opened(&self) -> bool {
        self.opened
    }

    /// Returns the layout around an entry.
    pub fn at(&self, place: Place) -> &Around {
        self.around.get(&place).unwrap_or(&NOTHING)
    }

    /// Returns the end of the last line below an entry, or 0 if there is none.
    pub fn end(&self, place: Place) -> usize {
        self.ends.get(&place).copied().unwrap_or(0)
    }

    /// Returns the name of a value's anchor.
    pub fn anchor(&self, node: &Node) -> Option<&str> {
        let is_collection = matches!(node.value, Value::List(_) | Value::Map(_));
        self.anchors.get(&(node.span?.start as usize, is_collection)).map(|name| &**name)
    }

    /// Returns whether a value is an alias.
    pub fn is_alias(&self, node: &Node) -> bool {
        node.span.is_some_and(|span| self.aliases.contains(&(span.start as usize)))
    }

    /// Returns the lines of a scalar that the file folds.
    pub fn folded(&self, node: &Node) -> Option<&Folded> {
        self.folded.get(&(node.as_text().and(node.span)?.start as usize))
    }

    /// Returns whether the file has no layout at all.
    pub fn is_bare(&self) -> bool {
        self.around.is_empty() && self.anchors.is_empty() && self.folded.is_empty()
    }

    /// Returns whether nothing inside a value (comments, anchors, folded lines) prevents writing it on one line.
    pub fn is_quiet(&self, node: &Node) -> bool {
        if self.is_bare() {
            return true;
        }
        let quiet = |place: Place, node: &Node| {
            let around = self.at(place);
            let comments = around.above.iter().chain(&around.below).any(|l| !l.is_empty());
            let bare = !comments && around.beside.is_none() && self.anchor(node).is_none();
            bare && self.folded(node).is_none() && self.is_quiet(node)
        };
        match &node.value {
            Value::Map(entries) => entries.iter().all(|(key, value)| quiet(Place::entry(key), value)),
            Value::List(items) => items.iter().all(|item| quiet(Place::item(item), item)),
            Value::Null | Value::Scalar(_) => true,
        }
    }

    /// Returns whether comments stand after the last entry of the value at `place`, so that its entries need lines of their
    /// own.
    pub fn is_footed(&self, place: Place) -> bool {
        self.at(place).below.iter().any(|line| !line.is_empty())
    }

    /// Returns whether a value is or contains an anchor or an alias.
    pub fn is_shared(&self, node: &Node) -> bool {
        if self.anchors.is_empty() {
            return false;
        }
        let below = match &node.value {
            Value::Map(entries) => entries.iter().any(|(_, value)| self.is_shared(value)),
            Value::List(items) => items.iter().any(|item| self.is_shared(item)),
            Value::Null | Value::Scalar(_) => false,
        };
        below || self.anchor(node).is_some() || self.is_alias(node)
    }
}

/// The style of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// One entry per line, starting at this column.
    Block(usize),
    Flow,
    Empty,
    /// A scalar; `true` if its text ends in an empty line.
    Scalar(bool),
}

/// An entry of a map, or an item of a list.
struct Part {
    place: Place,
    start: usize,
    column: usize,
    /// The end of its value.
    end: usize,
    shape: Shape,
    /// The start of the first part of its value.
    inner: Option<usize>,
    parent: Option<usize>,
}

/// Lists the parts of a value in the order of the file, outer parts before inner ones.
fn list_parts(node: &Node, parent: Option<usize>, notes: &Notes, text: &str, out: &mut Vec<Part>) {
    let mut add = |place: Place, start: u32, node: &Node| {
        let start = start as usize;
        let span = node.span.map_or((start, start), |s| (s.start as usize, s.end as usize));
        let shape = match &node.value {
            Value::Scalar(scalar) => Shape::Scalar(scalar.text.ends_with("\n\n")),
            Value::Map(entries) if entries.is_empty() => Shape::Empty,
            Value::Null => Shape::Empty,
            Value::List(items) if items.is_empty() => Shape::Empty,
            Value::Map(_) | Value::List(_) if notes.flows.binary_search(&span.0).is_ok() => Shape::Flow,
            Value::Map(_) => Shape::Block(column(text, span.0)),
            Value::List(items) => Shape::Block(dash(text, items).unwrap_or_else(|| column(text, span.0))),
        };
        let at = out.len();
        out.push(Part { place, start, column: column(text, start), end: span.1, shape, inner: None, parent });
        list_parts(node, Some(at), notes, text, out);
        out[at].inner = out.get(at + 1).map(|p| p.start);
    };
    match &node.value {
        Value::Map(entries) => {
            for (key, value) in entries {
                let Some(span) = key.span else { continue };
                add(Place::Entry(span.start), span.start, value);
            }
        }
        Value::List(items) => {
            for item in items {
                let Some(span) = item.span else { continue };
                add(Place::Item(span.start), span.start, item);
            }
        }
        Value::Null | Value::Scalar(_) => {}
    }
}

/// Attaches comments and blank lines to parts.
struct Attaching<'t> {
    text: &'t str,
    /// The start of the value of the file, if that is a scalar.
    scalar: usize,
    parts: Vec<Part>,
    around: HashMap<Place, Around>,
    ends: HashMap<Place, usize>,
}

impl Attaching<'_> {
    fn comment(&mut self, start: usize, end: usize) {
        let line = line_start(self.text, start);
        let comment: Box<str> = self.text[start..end].trim_end().into();
        if is_lead(&self.text[line..start]) {
            let (place, is_above) = self.place_of_line(start);
            let blank = self.blank_before(line, start);
            let around = self.around.entry(place).or_default();
            let lines = if is_above { &mut around.above } else { &mut around.below };
            lines.extend(blank.then(Box::default));
            lines.push(comment);
            if !is_above {
                self.ends.insert(place, end);
            }
            return;
        }
        let place = self.place_of_end(line, start);
        let around = self.around.entry(place).or_default();
        if place != Place::Root && around.beside.is_none() {
            around.beside = Some(comment);
        } else {
            around.above.push(comment);
        }
    }

    /// Returns where a comment on a line of its own belongs; `true` if it is above that place, `false` if below.
    fn place_of_line(&self, start: usize) -> (Place, bool) {
        let at = self.parts.partition_point(|p| p.start < start);
        let next = self.parts.get(at);
        let chain: Vec<usize> = std::iter::successors(at.checked_sub(1), |i| self.parts[*i].parent).collect();
        let above = next.map_or((Place::Root, start < self.scalar), |n| (n.place, true));
        let enclosing = chain.iter().map(|i| &self.parts[*i]).find(|p| p.shape == Shape::Flow && p.end > start);
        if let Some(flow) = enclosing {
            return if next.is_some_and(|n| n.start < flow.end) { above } else { (flow.place, false) };
        }
        let column = column(self.text, start);
        let open: HashSet<usize> =
            std::iter::successors(next.and_then(|n| n.parent), |i| self.parts[*i].parent).collect();
        let beyond = |c: usize| next.is_none_or(|n| c > n.column);
        let ends = chain.into_iter().filter(|i| !open.contains(i)).map(|i| &self.parts[i]).find(|p| match p.shape {
            Shape::Block(inner) => inner <= column && beyond(inner),
            Shape::Empty => column > p.column,
            Shape::Flow | Shape::Scalar(_) => false,
        });
        ends.map_or(above, |p| (p.place, false))
    }

    /// Returns what a comment at the end of a line belongs to.
    fn place_of_end(&self, line: usize, start: usize) -> Place {
        let from = self.parts.partition_point(|p| p.start < line);
        let to = self.parts.partition_point(|p| p.start < start);
        let fits = |p: &&Part| {
            let is_item = matches!(p.place, Place::Item(_)) && matches!(p.shape, Shape::Block(_));
            let ended = p.end <= start && !is_item;
            ended || p.end > start && p.inner.is_none_or(|inner| inner > start)
        };
        if let Some(part) = self.parts[from..to].iter().find(fits) {
            return part.place;
        }
        let ended = self.parts[..to].iter().filter(|p| p.end <= start && !matches!(p.shape, Shape::Block(_)));
        ended.rev().max_by_key(|p| p.end).map_or(Place::Root, |p| p.place)
    }

    /// Records one blank line above each part that had any.
    fn blanks(&mut self) {
        let mut last = None;
        for part in &self.parts {
            let line = line_start(self.text, part.start);
            let leads = last.replace(line) != Some(line) && is_lead(&self.text[line..part.start]);
            if leads && self.blank_before(line, part.start) {
                self.around.entry(part.place).or_default().above.push(Box::default());
            }
        }
    }

    /// Moves to the root what is above the first entry and separated from it by a blank line, as it is about the file.
    fn head(&mut self) {
        let Some(first) = self.parts.first().map(|p| p.place) else { return };
        let Some(around) = self.around.get_mut(&first) else { return };
        let Some(apart) = around.above.iter().rposition(|line| line.is_empty()) else { return };
        let head: Vec<Box<str>> = around.above.drain(..apart).collect();
        if !head.is_empty() {
            self.around.entry(Place::Root).or_default().above = head;
        }
    }

    /// Returns whether the line above is blank and not part of a value.
    fn blank_before(&self, line: usize, start: usize) -> bool {
        let Some(above) = line.checked_sub(1) else { return false };
        let before = self.parts[..self.parts.partition_point(|p| p.start < start)].last();
        let kept = before.is_some_and(|p| p.shape == Shape::Scalar(true));
        !kept && self.text[line_start(self.text, above)..above].trim().is_empty()
    }
}

/// Returns whether a text may precede the first value of a line: spaces, dashes, a byte order mark.
fn is_lead(text: &str) -> bool {
    text.chars().all(|c| matches!(c, ' ' | '\t' | '-' | '\u{feff}'))
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |i| i + 1)
}

fn column(text: &str, at: usize) -> usize {
    at - line_start(text, at)
}

/// Returns the column of a list's dashes.
fn dash(text: &str, items: &[Node]) -> Option<usize> {
    let before = text[..items.first()?.span?.start as usize].trim_end_matches(' ');
    before.ends_with('-').then(|| column(text, before.len() - 1))
}

/// Returns the lines of a folded scalar, or `None` if they cannot be indented differently.
fn folded(text: &str, (start, end, block): (usize, usize, bool)) -> Option<Folded> {
    let lines = text[start..end].lines();
    if !block {
        let trimmed = |(i, line): (usize, &str)| if i == 0 { line.trim_end().into() } else { line.trim().into() };
        return Some(Folded { block, lines: lines.enumerate().map(trimmed).collect() });
    }
    let indent = column(text, start);
    let head = text[..line_start(text, start)].lines().rev().find(|l| !l.trim().is_empty())?;
    let head = head.match_indices('>').map(|(at, _)| &head[at..]).find(|h| {
        let rest = h.trim_start_matches(['>', '-']).trim();
        rest.is_empty() || rest.starts_with('#')
    })?;
    let head: Box<str> = if head.starts_with(">-") { ">-".into() } else { ">".into() };
    let dedented = |(i, line): (usize, &str)| -> Box<str> {
        let line = line.trim_end_matches('\r');
        if i == 0 { line.into() } else { line.get(indent..).unwrap_or_default().into() }
    };
    Some(Folded { block, lines: std::iter::once(head).chain(lines.enumerate().map(dedented)).collect() })
}
