//! Builds nodes from parser events with an explicit stack, so that deep files cannot overflow the call stack.

use std::collections::HashMap;

use granit_parser::{Event, ScalarStyle, ScanError, Span as Place, StructureStyle, Tag};

use super::{MAX_ALIAS_BYTES, MAX_ALIAS_NODES, MAX_DEPTH, MAX_NODES, MAX_PROBLEMS, explain};
use crate::diagnostic::{Code, Diagnostic, FileId, Problem, Span};
use crate::model::node::{Key, Node, Scalar, Value};

/// How aliases are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aliases {
    /// As the value that they stand for.
    Resolved,
    /// As the text `*name`.
    Kept,
}

/// The result of one attempt to read a document.
pub(super) struct Builder<'t> {
    /// The value, once it is complete.
    pub(super) root: Option<Node>,
    /// All problems, in the order in which they were noticed.
    pub(super) found: Vec<Diagnostic>,
    /// Whether a problem ended the reading.
    pub(super) failed: bool,
    /// The position of that problem, if reading may start again after its line.
    pub(super) resume: Option<usize>,
    file: FileId,
    text: &'t str,
    /// The byte of `text` at which the document starts.
    base: usize,
    frames: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    aliases: Aliases,
    documents: usize,
    size: Size,
    aliased: Size,
    anchored: Size,
    /// The last scalar that was read, to explain an error after it.
    last: Option<Span>,
    /// Whether the next value was refused and reported, so that its entry is left out.
    refused: bool,
}

/// The size of a node, including itself.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    nodes: usize,
    bytes: usize,
    height: usize,
}

/// A value that an alias may stand for.
enum Anchored {
    Known(Node, Size),
    TooLarge,
}

/// A list or map that is not closed yet.
struct Frame {
    items: Items,
    start: usize,
    end: usize,
    flow: bool,
    anchor: usize,
    size: Size,
}

enum Items {
    List(Vec<Node>),
    Map { entries: Vec<(Key, Node)>, key: Pending },
}

/// What a map expects next.
enum Pending {
    Key,
    Value(Key, ScalarStyle),
    /// A value whose key was refused: it is read and ignored.
    Ignored,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.nodes += other.nodes;
        self.bytes += other.bytes;
        self.height = self.height.max(other.height + 1);
    }

    /// Returns whether copies of this size on top of `self` would exceed the limits for aliases.
    fn over(self, more: Self) -> bool {
        self.nodes + more.nodes > MAX_ALIAS_NODES || self.bytes + more.bytes > MAX_ALIAS_BYTES
    }
}

impl<'t> Builder<'t> {
    pub(super) fn new(file: FileId, text: &'t str, base: usize, aliases: Aliases) -> Self {
        Self {
            root: None,
            found: Vec::new(),
            failed: false,
            resume: None,
            file,
            text,
            base,
            frames: Vec::new(),
            anchors: HashMap::new(),
            aliases,
            documents: 0,
            size: Size::default(),
            aliased: Size::default(),
            anchored: Size::default(),
            last: None,
            refused: false,
        }
    }

    /// Processes the next event. Returns `false` if reading must stop.
    pub(super) fn event(&mut self, event: Event<'_>, place: Place) -> bool {
        let span = self.place(&place);
        let tag = event.tag().cloned();
        let scalar = matches!(event, Event::Scalar(..));
        self.refused = scalar && tag.as_ref().is_some_and(|tag| !is_known(tag));
        match event {
            Event::DocumentStart(..) => self.documents += 1,
            Event::Scalar(text, style, anchor, _) => self.scalar(&text, style, anchor, tag.as_ref(), &place),
            Event::SequenceStart(style, anchor, _) => self.open(Items::List(Vec::new()), style, anchor, span),
            Event::MappingStart(style, anchor, _) => {
                self.open(Items::Map { entries: Vec::new(), key: Pending::Key }, style, anchor, span);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(id) => self.alias(id, span),
            Event::UnresolvedAlias(name) => self.unknown_anchor(&name, span),
            _ => {}
        }
        if let Some(tag) = tag {
            self.check_tag(&tag, &place);
        }
        if self.documents > 1 {
            self.second_document(span);
        }
        self.failed |= self.found.len() >= MAX_PROBLEMS;
        !self.failed
    }

    /// Ends reading with the parser's own error.
    pub(super) fn syntax_error(&mut self, error: &ScanError) {
        let open = self
            .frames
            .iter()
            .rev()
            .find(|f| f.flow && self.text[f.start..].starts_with(['{', '[']))
            .map(|f| self.span(f.start, f.start + 1));
        let at = self.base + error.marker().byte_offset().unwrap_or(0);
        let scene = explain::Scene { file: self.file, text: self.text, at, open, last: self.last };
        let (diagnostic, resumes) = explain::explain(error.kind(), &scene);
        self.fail(diagnostic);
        self.resume = resumes.then_some(at);
    }

    /// Closes what a syntax error left open, so that its duplicate keys are reported too.
    pub(super) fn finish(&mut self) {
        while let Some(frame) = self.frames.pop() {
            if let Items::Map { entries, .. } = frame.items {
                self.unique(entries);
            }
        }
    }

    fn fail(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
        self.failed = true;
    }

    fn place(&self, place: &Place) -> Span {
        let start = place.start.byte_offset().unwrap_or(0);
        let end = place.end.byte_offset().unwrap_or(start).max(start);
        self.span(self.base + start, self.base + end)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        explain::span(self.file, self.text, start, end)
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, tag: Option<&Tag>, place: &Place) {
        let mut span = self.place(place);
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            let text = &self.text[span.start as usize..span.end as usize];
            let trimmed = text.trim_end().len();
            span = self.span(span.start as usize, span.start as usize + trimmed);
        }
        self.last = Some(span);
        let is_text = tag.is_some_and(|t| t.is_yaml_core_schema_tag("str") || t.parts() == ("", "!"));
        let plain = style == ScalarStyle::Plain && !is_text;
        let value = match text {
            "" | "~" | "null" | "Null" | "NULL" if plain => Value::Null,
            _ => Value::Scalar(Scalar { text: text.into(), plain }),
        };
        self.add(Node { value, span: Some(span) }, Size { nodes: 1, bytes: text.len(), height: 0 }, anchor, style);
    }

    fn open(&mut self, items: Items, style: StructureStyle, anchor: usize, span: Span) {
        if self.frames.len() >= MAX_DEPTH {
            return self.fail(explain::too_deep(span));
        }
        let start = span.start as usize;
        let flow = style == StructureStyle::Flow;
        self.frames.push(Frame { items, start, end: start, flow, anchor, size: Size { nodes: 1, ..Size::default() } });
    }

    fn close(&mut self, span: Span) {
        let Some(frame) = self.frames.pop() else { return };
        let end = if frame.flow { span.end as usize } else { frame.end };
        let value = match frame.items {
            Items::List(list) => Value::List(list),
            Items::Map { entries, .. } => Value::Map(self.unique(entries)),
        };
        let span = self.span(frame.start, end.max(frame.start));
        self.add(Node { value, span: Some(span) }, frame.size, frame.anchor, ScalarStyle::Plain);
    }

    /// Adds a complete node to the innermost open list or map, or makes it the root.
    fn add(&mut self, node: Node, size: Size, anchor: usize, style: ScalarStyle) {
        self.size.nodes += 1;
        if self.size.nodes + self.aliased.nodes > MAX_NODES {
            let message = format!("more than {MAX_NODES} values in one file");
            let help = "split it into several files";
            let span = node.span.unwrap_or_else(|| self.span(0, 0));
            return self.fail(Problem::new(Code::Syntax, message).help(help).at(span, ""));
        }
        if anchor != 0 {
            self.remember(anchor, &node, size);
        }
        let Some(frame) = self.frames.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        frame.size.add(size);
        frame.end = frame.end.max(node.span.map_or(0, |s| s.end as usize));
        let flow = frame.flow;
        let pending = match &mut frame.items {
            Items::List(list) => return list.push(node),
            Items::Map { key, .. } => std::mem::replace(key, Pending::Key),
        };
        match pending {
            Pending::Ignored => {}
            Pending::Key => {
                let pending = self.key(node, style);
                if let Some(Frame { items: Items::Map { key, .. }, .. }) = self.frames.last_mut() {
                    *key = pending;
                }
            }
            Pending::Value(..) if std::mem::take(&mut self.refused) => {}
            Pending::Value(name, key_style) => {
                let stray = if flow && key_style == ScalarStyle::Plain { stray(&name, &node) } else { None };
                let is_stray = stray.is_some();
                self.found.extend(stray);
                if !is_stray && let Some(Frame { items: Items::Map { entries, .. }, .. }) = self.frames.last_mut() {
                    entries.push((name, node));
                }
            }
        }
    }

    /// Returns a map's key, if `node` may be one.
    fn key(&mut self, node: Node, style: ScalarStyle) -> Pending {
        let span = node.span.unwrap_or_else(|| self.span(0, 0));
        let problem = match node.value {
            Value::Scalar(s) if s.plain && &*s.text == "<<" => {
                Problem::new(Code::Syntax, "merge key `<<`").help("not part of YAML 1.2: write the keys out")
            }
            Value::Scalar(s) => return Pending::Value(Key { text: s.text, span: Some(span) }, style),
            Value::Null if span.start == span.end => {
                Problem::new(Code::WrongType, "no key before `:`").help("write the key, or quote the value")
            }
            Value::Null => {
                let word = &self.text[span.start as usize..span.end as usize];
                Problem::new(Code::WrongType, format!("`{word}` as a key means nothing"))
                    .help(format!("quote it if it is a name: \"{word}\""))
            }
            Value::List(_) | Value::Map(_) => {
                Problem::new(Code::WrongType, format!("a key must be text, found {}", node.noun()))
                    .help("quote the value if it is text that starts with `{` or `[`")
            }
        };
        self.found.push(problem.at(span, ""));
        Pending::Ignored
    }

    /// Removes entries whose key occurred before, and reports each of them.
    fn unique(&mut self, mut entries: Vec<(Key, Node)>) -> Vec<(Key, Node)> {
        let mut repeated = Vec::new();
        if entries.len() <= 8 {
            for (i, (key, _)) in entries.iter().enumerate() {
                if let Some(first) = entries[..i].iter().position(|(k, _)| k.text == key.text) {
                    repeated.push((first, i));
                }
            }
        } else {
            let mut seen = HashMap::with_capacity(entries.len());
            for (i, (key, _)) in entries.iter().enumerate() {
                let first = *seen.entry(&*key.text).or_insert(i);
                if first != i {
                    repeated.push((first, i));
                }
            }
        }
        for &(first, second) in repeated.iter().take(MAX_PROBLEMS) {
            let (first, second) = (&entries[first].0, &entries[second].0);
            let mut diagnostic = Diagnostic::new(Code::Duplicate, format!("key `{}` twice", crop(&second.text)));
            for (key, label) in [(second, "again here"), (first, "first here")] {
                diagnostic.labels.extend(key.span.map(|span| crate::diagnostic::Label { span, text: label.into() }));
            }
            self.found.push(diagnostic.help("remove one, or give it another name"));
        }
        let mut second = repeated.into_iter().map(|(_, second)| second).peekable();
        let mut index = 0;
        entries.retain(|_| {
            let keep = second.next_if_eq(&index).is_none();
            index += 1;
            keep
        });
        entries
    }

    fn remember(&mut self, anchor: usize, node: &Node, size: Size) {
        let copies = Size { nodes: self.anchored.nodes / 64, bytes: self.anchored.bytes / 4, height: 0 };
        let anchored = if copies.over(size) {
            Anchored::TooLarge
        } else {
            self.anchored.add(size);
            Anchored::Known(node.clone(), size)
        };
        self.anchors.insert(anchor, anchored);
    }

    fn alias(&mut self, id: usize, span: Span) {
        let budget = format!("aliases repeat more than {MAX_ALIAS_NODES} values or {} MiB", MAX_ALIAS_BYTES >> 20);
        let problem = match self.anchors.get(&id) {
            None => Problem::new(Code::Syntax, "an alias inside the value it stands for").help("write the value out"),
            Some(Anchored::TooLarge) => Problem::new(Code::Syntax, budget).help("write the values out"),
            Some(Anchored::Known(_, size)) if self.aliased.over(*size) => {
                Problem::new(Code::Syntax, budget).help("write the values out")
            }
            Some(Anchored::Known(_, size)) if self.frames.len() + size.height > MAX_DEPTH => {
                return self.fail(explain::too_deep(span));
            }
            Some(Anchored::Known(..)) if self.aliases == Aliases::Kept => {
                let name = &self.text[span.start as usize..span.end as usize];
                let value = Value::Scalar(Scalar { text: name.into(), plain: true });
                let size = Size { nodes: 1, bytes: name.len(), height: 0 };
                return self.add(Node { value, span: Some(span) }, size, 0, ScalarStyle::Plain);
            }
            Some(Anchored::Known(node, size)) => {
                let (node, size) = (node.clone(), *size);
                self.aliased.add(size);
                if let Some(frame) = self.frames.last_mut() {
                    frame.end = frame.end.max(span.end as usize);
                }
                return self.add_alias(node, size, span);
            }
        };
        self.fail(problem.at(span, ""));
    }

    /// Adds like [`Self::add`]. The copy keeps the span of the original, but does not extend the span of its container.
    fn add_alias(&mut self, node: Node, size: Size, span: Span) {
        let end = self.frames.last().map(|f| f.end);
        self.add(node, size, 0, ScalarStyle::Plain);
        if let (Some(frame), Some(end)) = (self.frames.last_mut(), end) {
            frame.end = end.max(span.end as usize);
        }
    }

    fn unknown_anchor(&mut self, name: &str, span: Span) {
        if self.base == 0 {
            let help = format!("quote it if it is text: \"*{name}\"");
            self.found.push(Problem::new(Code::Syntax, format!("unknown anchor `{name}`")).help(help).at(span, ""));
        }
        self.refused = true;
        let text = format!("*{name}");
        let value = Value::Scalar(Scalar { text: text.into(), plain: false });
        self.add(Node { value, span: Some(span) }, Size { nodes: 1, ..Size::default() }, 0, ScalarStyle::Plain);
    }

    fn check_tag(&mut self, tag: &Tag, place: &Place) {
        if is_known(tag) {
            return;
        }
        let span = place.tag_span().map_or_else(|| self.place(place), |tag| self.place(&tag));
        let problem = Problem::new(Code::WrongType, format!("tag `{}`", crop(&tag.original())));
        self.found.push(problem.help("remove it, or quote the value if it is text that starts with `!`").at(span, ""));
    }

    fn second_document(&mut self, span: Span) {
        let problem = Problem::new(Code::Syntax, "more than one document in the file");
        self.fail(problem.help("remove the `---`, or split the file there").at(span, "a second document starts here"));
    }
}

/// Returns whether YAML itself defines the tag.
fn is_known(tag: &Tag) -> bool {
    tag.is_yaml_core_schema() || tag.parts() == ("", "!")
}

/// Reports what YAML takes for a key without a value although it was not meant so: `{a:b}`, and the rest of a value after a
/// comma, such as `b` and more words in `{a: select a, b from c}`.
fn stray(key: &Key, value: &Node) -> Option<Diagnostic> {
    let absent = value.value == Value::Null && value.span.is_some_and(|s| s.start == s.end);
    let span = key.span.filter(|_| absent)?;
    let colons: Vec<usize> = key.text.match_indices(':').map(|(at, _)| at).collect();
    if let [colon] = *colons {
        let at = span.start + u32::try_from(colon).unwrap_or_default();
        return Some(explain::missing_space(Span { start: at, end: at + 1, ..span }));
    }
    let is_value = key.text.contains(|c: char| c.is_whitespace() || "()'\"=<>+*/|".contains(c));
    (colons.is_empty() && is_value).then(|| explain::after_a_comma(span, &crop(&key.text)))
}

/// Cuts a text to a length that fits in a message.
fn crop(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
