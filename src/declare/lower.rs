//! Turns YAML into flat objects: decides which keys are children and which are fields, and what each object's address
//! is.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::variables::Variables;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Problem, Sources, Span, io_text};
use crate::kind::{Entry, Form, Home, Lowered, Shared, find, home};
use crate::model::bridge::BridgeError;
use crate::model::node::{Key, Node, Value};
use crate::model::suggest::did_you_mean;
use crate::model::{Address, Declaration, KindName, Object, Origin, State};

/// Lowers files into one state.
pub struct Lowering<'a> {
    register: &'static [Entry],
    /// The texts of the files read so far.
    pub sources: &'a mut Sources,
    /// The declared state.
    pub state: State,
    /// Objects that are declared but could not be read, so that references to them are not reported as missing.
    pub broken: HashSet<Address>,
    /// The problems found so far.
    pub problems: Diagnostics,
    /// What stands for `${name}` in files that hold a body.
    pub variables: Variables,
    later: Vec<(KindName, crate::kind::Later)>,
    ordinals: FxHashMap<Option<Address>, u32>,
    shared: Shared,
}

/// The keys that every object accepts.
pub(super) const COMMON: [&str; 2] = ["was", "protect"];

impl<'a> Lowering<'a> {
    /// Starts with an empty state.
    pub fn new(register: &'static [Entry], sources: &'a mut Sources) -> Self {
        Self {
            register,
            sources,
            state: State::default(),
            broken: HashSet::new(),
            problems: Diagnostics::default(),
            variables: Variables::default(),
            later: Vec::new(),
            ordinals: FxHashMap::default(),
            shared: Shared::default(),
        }
    }

    /// Adds the objects of one file.
    pub fn file(&mut self, root: &Node) {
        match &root.value {
            Value::Null => {}
            Value::Map(entries) => {
                for (key, node) in entries {
                    match home(self.register, None, &key.text) {
                        Some((entry, home)) => self.lower_home(entry, home, None, node),
                        None => self.unknown_key(key, self.child_keys(None)),
                    }
                }
            }
            Value::Scalar(_) | Value::List(_) => {
                self.wrong_type(root, "a map", "write `schemas:`, `roles:` and the like at the top of a file");
            }
        }
    }

    /// Does what had to wait until every file was read, by kind in the order of the register, so that globs see what
    /// earlier kinds have filled in.
    pub fn finish(&mut self) {
        // Nothing more is read.
        self.shared = Shared::default();
        for entry in self.register {
            for (_, later) in self.later.extract_if(.., |(kind, _)| *kind == entry.name) {
                later(&mut self.state, &mut self.problems);
            }
            (entry.complete)(&mut self.state, &mut self.problems, self.register);
        }
    }

    fn child_keys(&self, parent: Option<&'static Entry>) -> Vec<&'static str> {
        self.register.iter().flat_map(|e| e.nests_under(parent).map(|h| h.key)).collect()
    }

    fn lower_home(&mut self, entry: &'static Entry, home: &'static Home, parent: Option<&Address>, node: &Node) {
        match home.form {
            Form::Free => {
                let mut out = Lowered::default();
                (entry.lower)(home, parent, node, &mut out);
                self.problems.extend(out.problems);
                self.later.extend(out.later.into_iter().map(|later| (entry.name, later)));
                for (at, object) in out.objects {
                    let _ = self.insert(at, object);
                }
            }
            Form::One => self.object(entry, parent, None, node),
            Form::Map => match &node.value {
                Value::Null => {}
                Value::Map(entries) => {
                    for (key, value) in entries {
                        self.object(entry, parent, Some(key), value);
                    }
                }
                Value::Scalar(_) | Value::List(_) => {
                    let help = format!("`{}` is a map: write `name: definition`, one a line", home.key);
                    self.wrong_type(node, "a map", &help);
                }
            },
            Form::List(field) => self.list(entry, home, field, parent, node),
        }
    }

    fn list(&mut self, entry: &'static Entry, home: &Home, field: &str, parent: Option<&Address>, node: &Node) {
        let items = match &node.value {
            Value::List(items) => items.as_slice(),
            Value::Scalar(_) => std::slice::from_ref(node),
            Value::Null => &[],
            Value::Map(_) => {
                return self.wrong_type(node, "a list", &format!("`{}` is a list: write `[a, b]`", home.key));
            }
        };
        for item in items {
            match &item.value {
                Value::Scalar(text) => {
                    let key = Key { text: text.text.clone(), span: item.span };
                    self.object(entry, parent, Some(&key), &Node { value: Value::Map(Vec::new()), span: item.span });
                }
                Value::Map(entries) => {
                    let Some(name) = item.get(field) else {
                        let problem = Problem::new(Code::WrongType, format!("missing key `{field}`"));
                        let help = format!("an item of `{}` is a name, or a map with the key `{field}`", home.key);
                        self.at(problem.help(help), item.span, item);
                        continue;
                    };
                    let key = Key { text: name.as_text().unwrap_or_default().into(), span: name.span };
                    let rest = entries.iter().filter(|(k, _)| &*k.text != field).cloned().collect();
                    self.object(entry, parent, Some(&key), &Node { value: Value::Map(rest), span: item.span });
                }
                Value::Null | Value::List(_) => {
                    self.wrong_type(item, "a name or a map", &format!("write the names: `{}: [a, b]`", home.key));
                }
            }
        }
    }

    /// Lowers one object and its children.
    fn object(&mut self, entry: &'static Entry, parent: Option<&Address>, key: Option<&Key>, node: &Node) {
        let mut parts = self.split(entry, node);
        let at = if let Some((at, object)) = self.read(entry, parent, key, node, &mut parts) {
            if parts.unknown {
                self.broken.insert(at.clone());
            }
            if !self.insert(at.clone(), object) {
                // Problems below an object that is declared twice would only follow from that.
                self.broken.insert(at);
                return;
            }
            at
        } else {
            let written = key.map_or("", |k| &*k.text);
            let at = parent.map_or_else(|| Address::root(entry.name, written), |p| p.child(entry.name, written));
            self.broken.insert(at.clone());
            at
        };
        for (child, home, value) in parts.children {
            self.lower_home(child, home, Some(&at), value);
        }
    }

    /// Separates the fields, children and common keys of a long form.
    fn split<'n>(&mut self, entry: &'static Entry, node: &'n Node) -> Parts<'n> {
        let mut parts = Parts::default();
        let Some(entries) = node.as_map() else { return parts };
        let fields = || (entry.fields)().iter().copied().filter(|f| !f.starts_with("live_"));
        for (key, value) in entries {
            let text = &*key.text;
            if let Some((child, home)) = home(self.register, Some(entry), text) {
                parts.children.push((child, home, value));
            } else if text == "was" {
                parts.was = self.expect_text(value, "`was` is the name it had before: write `was: old_name`");
            } else if text == "protect" {
                parts.protect = self.expect_bool(value);
            } else if text == "file" && entry.rules.file.is_some() {
                parts.file = Some(value);
            } else if fields().any(|field| field == text) {
                parts.fields.push((key.clone(), value.clone()));
            } else {
                let file = entry.rules.file.map(|_| "file");
                let known = fields().chain(self.child_keys(Some(entry))).chain(COMMON).chain(file);
                self.unknown_key(key, known.collect());
                parts.unknown = true;
            }
        }
        parts
    }

    fn read(
        &mut self,
        entry: &'static Entry,
        parent: Option<&Address>,
        key: Option<&Key>,
        node: &Node,
        parts: &mut Parts<'_>,
    ) -> Option<(Address, Object)> {
        let mut fields = std::mem::take(&mut parts.fields);
        if let (Some(file), Some(field)) = (parts.file, entry.rules.file) {
            if let Some((key, value)) = fields.iter().find(|(k, _)| &*k.text == field) {
                self.two_sources(field, key.span.or(value.span), file.span);
                return None;
            }
            fields.push(self.read_file(file, field)?);
        }
        let spec_node = match &node.value {
            Value::Map(_) => Cow::Owned(Node { value: Value::Map(fields), span: node.span }),
            Value::Null | Value::Scalar(_) | Value::List(_) => Cow::Borrowed(node),
        };
        self.shared.begin(entry.name);
        add(&spec_node, &mut self.shared);
        let (spec, errors) = if let Some(spec) = self.shared.get() {
            (Some(spec), Vec::new())
        } else {
            let read = read_all(&spec_node, entry.read, parts.unknown);
            read.0.iter().for_each(|spec| self.shared.keep(spec));
            read
        };
        for mut error in errors {
            let shape = error.span == node.span && node.as_map().is_none() && error.problem.code == Code::WrongType;
            if shape && error.problem.help.is_none() {
                error.problem.help = Some("write its keys below it, or `{}` where nothing is to be said".to_owned());
            }
            let span = error.span.or(node.span);
            self.at(error.problem, span, node);
        }
        let spec = spec?;
        let spec = (entry.located)(&*spec, self.directory(node)).unwrap_or(spec);
        let written = match key {
            Some(key) => key.text.to_string(),
            None => (entry.one_key)(&*spec, parent),
        };
        let name = if key.is_none() && written.is_empty() {
            written
        } else {
            match (entry.key)(&*spec, &written, parent) {
                Ok(name) => name,
                Err(problem) => {
                    self.at(problem, key.and_then(|k| k.span).or(node.span), node);
                    return None;
                }
            }
        };
        let at = parent.map_or_else(|| Address::root(entry.name, &name), |p| p.child(entry.name, &name));
        let mut object = Object::new(spec, self.origin(entry, key, node, &spec_node));
        if let Some(was) = parts.was.take() {
            object.set_was(was);
        }
        if parts.protect {
            object.protect();
        }
        Some((at, object))
    }

    /// Returns where an object is declared. `read` is the node with what was read from a file of its own.
    fn origin(&self, entry: &'static Entry, key: Option<&Key>, node: &Node, read: &Node) -> Origin {
        let Some(value) = node.span.or(key.and_then(|k| k.span)) else { return Origin::Derived(None) };
        let known = |text: &str| {
            let field = (entry.fields)().iter().copied().chain(COMMON).chain(["file"]).find(|field| *field == text);
            field.or_else(|| home(self.register, Some(entry), text).map(|(_, home)| home.key))
        };
        let elsewhere = |(key, _): &&(Key, Node)| node.get(&key.text).is_none();
        let fields = node.as_map().unwrap_or_default().iter();
        let fields = fields.chain(read.as_map().unwrap_or_default().iter().filter(elsewhere));
        let fields = fields.filter_map(|(k, v)| Some((known(&k.text)?, v.span?))).collect();
        Origin::File(Arc::new(Declaration { key: key.and_then(|k| k.span).unwrap_or(value), value, fields }))
    }

    /// Returns the directory of the file that contains a node.
    fn directory(&self, node: &Node) -> &Path {
        let file = node.span.map(|s| self.sources.path(s.file));
        file.and_then(Path::parent).unwrap_or(Path::new(""))
    }

    /// Adds an object. Returns `false` if it is already declared. A schema may be declared in several places: their
    /// contents add up.
    fn insert(&mut self, at: Address, mut object: Object) -> bool {
        if let Some(before) = self.state.get(&at) {
            if find(self.register, at.kind()).rules.space && before.spec.same(&*object.spec) {
                return true;
            }
            let mut problem =
                Diagnostic::new(Code::Duplicate, format!("{at} is declared twice")).help("remove one of them");
            if let Some(span) = object.origin.span() {
                problem = problem.label(span, "again here");
            }
            if let Some(span) = before.origin.span() {
                problem = problem.label(span, "first declared here");
            }
            self.problems.push(problem);
            return false;
        }
        let ordinal = self.ordinals.entry(at.parent().cloned()).or_default();
        *ordinal += 1;
        object.ordinal = *ordinal;
        self.state.insert(at, object);
        true
    }

    /// Reports a text that is given both here and in a file of its own.
    fn two_sources(&mut self, field: &str, here: Option<Span>, file: Option<Span>) {
        let problem = Diagnostic::new(Code::Duplicate, format!("both `{field}` and `file` say what it is"));
        let labels = [(here, "said here"), (file, "and in this file")];
        let problem = labels.into_iter().fold(problem, |p, (span, text)| match span {
            Some(span) => p.label(span, text),
            None => p,
        });
        self.problems.push(problem.help("remove one of them"));
    }

    /// Reads the file named by `file:`, and returns its text as the field that it stands for.
    fn read_file(&mut self, node: &Node, field: &str) -> Option<(Key, Node)> {
        let name = self.expect_text(node, "`file` is a path from the directory of this file")?;
        let path = self.directory(node).join(&*name);
        let read = self.sources.read(&path).and_then(|bytes| String::from_utf8(bytes).map_err(std::io::Error::other));
        match read {
            Ok(text) => {
                let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
                let file = self.sources.add(path, text.as_str());
                let mut value = Node::text(text);
                value.span = Some(Span { file, start: 0, end });
                self.variables.fill(&mut value, &self.sources.get(file).text, &mut self.problems);
                Some((Key { text: field.into(), span: node.span }, value))
            }
            Err(error) => {
                let message = format!("can't read `{}`: {}", self.sources.shown(&path), io_text(&error));
                let problem =
                    Problem::new(Code::File, message).help("paths are relative to the YAML file that names them");
                self.at(problem, node.span, node);
                None
            }
        }
    }

    fn expect_text(&mut self, node: &Node, what: &str) -> Option<Box<str>> {
        let text = node.as_text().map(Into::into);
        if text.is_none() {
            self.wrong_type(node, "text", what);
        }
        text
    }

    fn expect_bool(&mut self, node: &Node) -> bool {
        match &node.value {
            Value::Scalar(s) if s.plain && (&*s.text == "true" || &*s.text == "false") => &*s.text == "true",
            _ => {
                self.wrong_type(node, "`true` or `false`", "write `true` or `false`, without quotes");
                false
            }
        }
    }

    fn unknown_key(&mut self, key: &Key, mut known: Vec<&'static str>) {
        known.sort_unstable();
        known.dedup();
        let problem =
            Problem::new(Code::UnknownKey, format!("unknown key `{}`", key.text)).help(did_you_mean(&key.text, &known));
        self.problems.push(key.span.map_or_else(|| problem.clone().into(), |s| problem.clone().at(s, "")));
    }

    fn wrong_type(&mut self, node: &Node, expected: &str, help: &str) {
        let message = format!("expected {expected}, found {}", node.noun());
        self.at(Problem::new(Code::WrongType, message).help(help), node.span, node);
    }

    /// Reports a problem at a span, narrowed if the problem knows its position inside the scalar.
    fn at(&mut self, problem: Problem, span: Option<Span>, node: &Node) {
        let scalar = span.and_then(|span| scalar_at(node, span));
        let span = match (span, problem.within, scalar) {
            (Some(span), Some((start, end)), Some(text)) => {
                let source = self.sources.get(span.file).text.clone();
                Some(super::yaml::locate(&source, span, text, start, end))
            }
            (span, _, _) => span,
        };
        if let Some(span) = span.filter(|_| problem.code == Code::Secret) {
            self.sources.mask(span);
        }
        match span {
            Some(span) => self.problems.push(problem.at(span, "")),
            None => self.problems.push(problem),
        }
    }
}

/// Adds a node, without its places, to the text of a spec.
fn add(node: &Node, text: &mut Shared) {
    match &node.value {
        Value::Null => text.add(None),
        Value::Scalar(scalar) => {
            text.add(Some(if scalar.plain { b"plain" } else { b"quoted" }));
            text.add(Some(scalar.text.as_bytes()));
        }
        Value::List(items) => {
            text.add(Some(b"list"));
            text.add(Some(&items.len().to_le_bytes()));
            for item in items {
                add(item, text);
            }
        }
        Value::Map(entries) => {
            text.add(Some(b"map"));
            text.add(Some(&entries.len().to_le_bytes()));
            for (key, value) in entries {
                text.add(Some(key.text.as_bytes()));
                add(value, text);
            }
        }
    }
}

/// The keys of a long form, separated.
#[derive(Default)]
struct Parts<'n> {
    fields: Vec<(Key, Node)>,
    children: Vec<(&'static Entry, &'static Home, &'n Node)>,
    was: Option<Box<str>>,
    protect: bool,
    file: Option<&'n Node>,
    /// Whether some key is unknown, which has been reported.
    unknown: bool,
}

/// Returns the spec of a node, if nothing is wrong with it, and everything that is wrong. A field that does not fit is
/// left out and the rest is read again. If a required key is missing next to one that is unknown or does not fit, it is
/// not reported, as that key was most likely meant.
pub(super) fn read_all<T>(
    node: &Node,
    read: impl Fn(&Node) -> Result<T, BridgeError>,
    unknown: bool,
) -> (Option<T>, Vec<BridgeError>) {
    let mut node = Cow::Borrowed(node);
    let mut errors: Vec<BridgeError> = Vec::new();
    loop {
        let error = match read(&node) {
            Ok(spec) => return (Some(spec).filter(|_| errors.is_empty()), errors),
            Err(error) => error,
        };
        let whole = error.span == node.span || error.span.is_none();
        let culprit = match &mut node.to_mut().value {
            Value::Map(fields) if !whole => {
                let holds =
                    |(k, v): &(Key, Node)| [k.span, v.span].into_iter().flatten().any(|s| within(error.span, s));
                fields.iter().position(holds).map(|i| fields.remove(i))
            }
            _ => None,
        };
        if !(whole && (unknown || !errors.is_empty())) {
            errors.push(error);
        }
        if culprit.is_none() {
            return (None, errors);
        }
    }
}

/// Returns the text of the scalar with this span in a node.
fn scalar_at(node: &Node, span: Span) -> Option<&str> {
    if node.span == Some(span) && node.as_text().is_some() {
        return node.as_text();
    }
    match &node.value {
        Value::Map(fields) => fields.iter().find_map(|(_, value)| scalar_at(value, span)),
        Value::List(items) => items.iter().find_map(|item| scalar_at(item, span)),
        Value::Scalar(_) | Value::Null => None,
    }
}

fn within(inner: Option<Span>, outer: Span) -> bool {
    inner.is_some_and(|s| s.file == outer.file && s.start >= outer.start && s.end <= outer.end)
}
