//! Changes a project to describe the database. Only what differs is written, in its place, and the comments around it
//! stay.
//!
//! A changed object keeps its node and gets the fields of the live one. A new object is put into the file of its
//! parent, after the sibling that it follows in the database. An object that is gone is removed, with the comments
//! directly above it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::edit::{as_list, as_map, locate, map_of, take_out};
use super::graft::graft;
use super::layout::Layout;
use super::lower::COMMON;
use super::raise::{list_item, raise_object};
use super::splice::splice;
use super::variables::Variables;
use super::write::write;
use super::yaml;
use crate::diagnostic::{Diagnostics, FileId, Sources, Span};
use crate::kind::{Entry, Form, Home, find, home, nested};
use crate::model::node::{Key, Node, Value};
use crate::model::{Address, Object, Origin, Spec, State};

/// What to adopt into which project.
pub struct Request<'a> {
    /// The files of the project. New objects that belong to no other file go to the first.
    pub files: &'a [FileId],
    /// The texts of the files.
    pub sources: &'a Sources,
    /// What `${name}` in the files stands for.
    pub variables: &'a Variables,
    /// The declared state, in PostgreSQL's spelling where that was asked for.
    pub declared: &'a State,
    /// The managed part of the database, in its shortest form.
    pub live: &'a State,
    /// The addresses at which the two differ.
    pub differences: &'a [Address],
    /// Returns the name of the file for a new schema.
    pub file_name: fn(&str) -> String,
    /// The register of kinds.
    pub register: &'static [Entry],
}

/// Returns the files that change, with their new texts.
pub fn adopt(request: &Request<'_>) -> Vec<(PathBuf, String)> {
    let pages = request.files.iter().filter_map(|file| Page::read(*file, request.sources)).collect();
    let mut adoption = Adoption { request, pages, written: Vec::new(), done: HashSet::new() };
    let mut differences: Vec<&Address> = request.differences.iter().collect();
    differences.sort_by_key(|at| at.ancestors().count());
    for at in differences {
        adoption.take(at);
    }
    let pages = adoption.pages.iter().map(|page| (request.sources.path(page.file).to_owned(), page.text()));
    let changed = pages.zip(&adoption.pages).filter(|((_, text), page)| *text != *page.source).map(|(new, _)| new);
    changed.chain(adoption.written).collect()
}

/// A file that is being changed.
pub(super) struct Page {
    pub(super) file: FileId,
    source: Arc<str>,
    layout: Layout,
    before: Node,
    pub(super) root: Node,
}

impl Page {
    /// Reads a file with aliases as they are written.
    pub(super) fn read(file: FileId, sources: &Sources) -> Option<Self> {
        let source = sources.get(file).text.clone();
        let mut root = yaml::parse_as_written(file, &source, &mut Diagnostics::default())?;
        let layout = Layout::read(&source, &root);
        let before = root.clone();
        if root.value == Value::Null {
            root = Node::new(Value::Map(Vec::new()));
        }
        Some(Self { file, source, layout, before, root })
    }

    /// Returns the file's text with the changes made to `root`.
    pub(super) fn text(&self) -> String {
        let unsaid = self.before.value == Value::Null && self.root.as_map().is_some_and(<[_]>::is_empty);
        if unsaid { self.source.to_string() } else { splice(&self.source, &self.layout, &self.before, &self.root) }
    }
}

struct Adoption<'r> {
    request: &'r Request<'r>,
    pages: Vec<Page>,
    /// Files that are written as a whole: the text of one object, or a new schema.
    written: Vec<(PathBuf, String)>,
    /// The objects that have been dealt with, along with everything below them.
    done: HashSet<Address>,
}

impl Adoption<'_> {
    /// Changes the declaration of one object to match the database.
    fn take(&mut self, at: &Address) {
        if self.done.contains(at) || at.ancestors().any(|a| self.done.contains(a)) {
            return;
        }
        let entry = find(self.request.register, at.kind());
        let Some(home) = self.home_of(at, entry) else { return };
        if home.form == Form::Free {
            return self.take_free(at.parent(), entry, home);
        }
        match (self.request.live.contains(at), self.origin(at)) {
            (true, Some(_)) => self.change(at, entry, home),
            (true, None) => self.add(at),
            (false, Some((key, value))) => {
                self.done.insert(at.clone());
                self.undeclare(key, value, usize::from(home.form != Form::One));
            }
            (false, None) => {}
        }
    }

    fn home_of(&self, at: &Address, entry: &'static Entry) -> Option<&'static Home> {
        let parent = at.parent().map(|p| find(self.request.register, p.kind()));
        entry.nests_under(parent).next()
    }

    /// Returns the spans of the key and the value that declare an object.
    fn origin(&self, at: &Address) -> Option<(Span, Span)> {
        match &self.request.declared.get(at)?.origin {
            Origin::File(place) => Some((place.key, place.value)),
            Origin::Catalog { .. } | Origin::Derived(_) => None,
        }
    }

    fn node(&mut self, at: &Address) -> Option<&mut Node> {
        let (key, value) = self.origin(at)?;
        let page = self.pages.iter_mut().find(|p| p.file == value.file)?;
        locate(&mut page.root, key, value)
    }

    /// Writes the fields of the live object into the node of the declared one.
    fn change(&mut self, at: &Address, entry: &'static Entry, place: &Home) {
        let (live, declared) = (self.request.live, self.request.declared);
        let (Some(there), Some(was)) = (live.get(at), declared.get(at)) else { return };
        let Request { register, variables, .. } = *self.request;
        let fields = mixed(entry, was, &*there.spec);
        let mixed = (entry.read)(&Node::new(Value::Map(fields.clone())));
        let short = mixed.map_or_else(|_| (entry.write)(&*there.spec), |spec| (entry.write)(&*spec));
        let short = match place.form {
            Form::List(field) => list_item(field, at, short),
            Form::Map | Form::One | Form::Free => short,
        };
        let short = variables.escaped(short);
        let mut fields: Vec<(Key, Node)> = fields.into_iter().map(|(k, value)| (k, variables.escaped(value))).collect();
        let Some(directory) = self.directory(at) else { return };
        let Some(node) = self.node(at) else { return };
        let (declared, stored) = ((entry.write_long)(&*was.spec), (entry.write_long)(&*there.spec));
        let stays = |key: &str| declared.get(key).is_some() && declared.get(key) == stored.get(key);
        let own = |key: &Key| {
            let text = &*key.text;
            let is_field = (entry.fields)().contains(&text) && home(register, Some(entry), text).is_none();
            // A field that neither side writes has its default on both. If the file spells it out, it stays.
            let is_said = declared.get(text).is_some() || stored.get(text).is_some();
            is_field && is_said && !stays(text) && !COMMON.contains(&text)
        };
        let kept: Vec<(Key, Node)> =
            node.as_map().unwrap_or_default().iter().filter(|(k, _)| !own(k)).cloned().collect();
        let file =
            kept.iter().find(|(k, _)| &*k.text == "file").and_then(|(_, name)| name.as_text().map(str::to_owned));
        let mut body = None;
        if let (Some(file), Some(field)) = (file, entry.rules.file) {
            let text = fields.iter().position(|(k, _)| &*k.text == field).map(|i| fields.remove(i).1);
            let before = (entry.write_long)(&**was.as_written());
            let before = before.get(field).map(|before| variables.escaped(before.clone()));
            let changed = text.filter(|text| before.as_ref().and_then(Node::as_text) != text.as_text());
            body = changed.and_then(|text| Some((directory.join(file), text.as_text()?.to_owned())));
        }
        let is_long = node.as_map().is_some_and(|entries| !entries.is_empty());
        fields.retain(|(key, _)| !kept.iter().any(|(k, _)| k.text == key.text));
        let wanted = if is_long { Node::new(Value::Map(kept.into_iter().chain(fields).collect())) } else { short };
        replace(node, wanted);
        self.written.extend(body);
    }

    /// Returns the directory of the file that declares an object.
    fn directory(&self, at: &Address) -> Option<PathBuf> {
        let file = self.origin(at)?.1.file;
        Some(self.request.sources.path(file).parent().unwrap_or(Path::new("")).to_owned())
    }

    /// Declares an object with everything below it. If ancestors are not declared either, the outermost of them is
    /// declared.
    fn add(&mut self, at: &Address) {
        let undeclared = at.ancestors().filter(|a| self.origin(a).is_none()).last().cloned();
        let at = undeclared.unwrap_or_else(|| at.clone());
        let entry = find(self.request.register, at.kind());
        let live = self.request.live;
        let (Some(home), Some(node)) = (self.home_of(&at, entry), raise_object(live, self.request.register, &at))
        else {
            return;
        };
        let node = self.request.variables.escaped(node);
        let siblings: Vec<&str> = match at.parent() {
            Some(parent) => {
                live.children(parent).into_iter().filter(|a| a.kind() == at.kind()).map(Address::key).collect()
            }
            None => live
                .iter()
                .map(|(a, _)| a)
                .filter(|a| a.parent().is_none() && a.kind() == at.kind())
                .map(Address::key)
                .collect(),
        };
        let before: Vec<&str> = siblings.iter().copied().take_while(|key| *key != at.key()).collect();
        if at.parent().is_none() && entry.rules.space && self.pages.len() > 1 {
            let entries = vec![(Key::from(at.key()), node)];
            let root = Node::new(Value::Map(vec![(Key::from(home.key), Node::new(Value::Map(entries)))]));
            let directory = self.request.sources.path(self.pages[0].file).parent().unwrap_or(Path::new(""));
            self.written.push((directory.join((self.request.file_name)(at.key())), write(&root)));
            self.done.insert(at);
            return;
        }
        let Some(there) = self.container(at.parent(), home) else { return };
        match home.form {
            Form::Map => {
                let entries = as_map(there);
                let after = before.iter().rev().find_map(|b| entries.iter().position(|(k, _)| &*k.text == *b));
                let place = if at.parent().is_none() { entries.len() } else { 0 };
                entries.insert(after.map_or(place, |i| i + 1), (Key::from(at.key()), node));
            }
            Form::List(field) => as_list(there).push(list_item(field, &at, node)),
            Form::One => *there = node,
            Form::Free => return,
        }
        self.done.insert(at);
    }

    /// Returns the value at the key of a home, which is created if it does not exist.
    fn container(&mut self, parent: Option<&Address>, home: &'static Home) -> Option<&mut Node> {
        let register = self.request.register;
        let under = parent.map(|p| find(register, p.kind()));
        let holder = if let Some(parent) = parent {
            let declared = self.request.declared.get(parent);
            let long = under.zip(declared).map(|(entry, object)| (entry.write_long)(&**object.as_written()));
            let long = long.map(|node| self.request.variables.escaped(node));
            let node = self.node(parent)?;
            if node.as_map().is_none() {
                node.value = long.map_or(Value::Map(Vec::new()), |n| n.value);
            }
            node
        } else {
            let has = |page: &Page| page.root.get(home.key).is_some();
            let page = self.pages.iter().position(has).unwrap_or(0);
            &mut self.pages.get_mut(page)?.root
        };
        let entries = as_map(holder);
        let rank = |key: &str| nested(register, under).position(|(_, h)| h.key == key);
        let at = entries.iter().position(|(k, _)| &*k.text == home.key).unwrap_or_else(|| {
            let later = |(k, _): &(Key, Node)| rank(&k.text).is_some_and(|r| Some(r) > rank(home.key));
            let at = entries.iter().position(later).unwrap_or(entries.len());
            entries.insert(at, (Key::from(home.key), Node::new(Value::Null)));
            at
        });
        Some(&mut entries[at].1)
    }

    /// Removes a declaration, and up to `above` enclosing keys that become empty.
    fn undeclare(&mut self, key: Span, value: Span, above: usize) {
        if let Some(page) = self.pages.iter_mut().find(|p| p.file == value.file) {
            take_out(&mut page.root, key, value, above);
        }
    }

    /// Adopts all objects of one kind below one parent, for a kind that writes them together in a form of its own.
    fn take_free(&mut self, parent: Option<&Address>, entry: &'static Entry, home: &'static Home) {
        let (live, declared) = (self.request.live, self.request.declared);
        let mine = |state: &State| -> Vec<Address> {
            let of_kind = |at: &Address| at.kind() == entry.name && at.parent() == parent;
            match parent {
                Some(parent) => state.children(parent).into_iter().filter(|at| of_kind(at)).cloned().collect(),
                None => state.iter().map(|(at, _)| at).filter(|at| of_kind(at)).cloned().collect(),
            }
        };
        let all: HashSet<Address> = mine(live).into_iter().chain(mine(declared)).collect();
        if parent.is_some_and(|p| self.origin(p).is_none()) {
            return mine(live).iter().for_each(|at| self.add(at));
        }
        let within = parent.and_then(|p| self.origin(p)).map(|(_, value)| value);
        let is_here =
            |span: Span| within.is_none_or(|w| w.file == span.file && w.start <= span.start && span.end <= w.end);
        let differ: HashSet<&Address> = self.request.differences.iter().collect();
        let elsewhere: Vec<(Address, Span, Span)> = all
            .iter()
            .filter_map(|at| Some((at.clone(), self.origin(at)?)))
            .filter(|(_, (key, _))| !is_here(*key))
            .map(|(at, (key, value))| (at, key, value))
            .collect();
        let mut said_elsewhere: HashSet<Address> = HashSet::new();
        for (at, key, value) in elsewhere {
            if differ.contains(&at) {
                self.undeclare(key, value, 2);
            } else {
                said_elsewhere.insert(at);
            }
        }
        let specs: Vec<(Address, Arc<dyn Spec>)> = mine(live)
            .into_iter()
            .filter(|at| !said_elsewhere.contains(at))
            .filter_map(|at| Some((at.clone(), Arc::clone(&live.get(&at)?.spec))))
            .collect();
        let borrowed: Vec<(&Address, &dyn Spec)> = specs.iter().map(|(at, spec)| (at, &**spec)).collect();
        let node = (entry.raise)(&borrowed).filter(|_| !specs.is_empty());
        let node = node.map(|node| self.request.variables.escaped(node));
        self.done.extend(all);
        match (node, self.container(parent, home)) {
            (Some(node), Some(there)) => replace(there, node),
            (None, Some(there)) => there.value = Value::Null,
            (_, None) => return,
        }
        if specs.is_empty() {
            self.drop_key(parent, home);
        }
    }

    /// Removes the key of a home.
    fn drop_key(&mut self, parent: Option<&Address>, home: &Home) {
        let holders: Vec<&mut Node> = match parent {
            Some(parent) => self.node(parent).into_iter().collect(),
            None => self.pages.iter_mut().map(|p| &mut p.root).collect(),
        };
        for holder in holders {
            as_map(holder).retain(|(key, _)| &*key.text != home.key);
        }
    }
}

/// Returns the text of the settings with the given names added to `files`.
pub fn list_files(text: &str, file: Option<FileId>, names: &[String]) -> String {
    let file = file.unwrap_or(FileId(0));
    let root = yaml::parse_as_written(file, text, &mut Diagnostics::default());
    let root = root.unwrap_or_else(|| Node::new(Value::Null));
    let mut changed = root.clone();
    let entries = as_map(&mut changed);
    let at = entries.iter().position(|(key, _)| &*key.text == "files").unwrap_or_else(|| {
        entries.insert(0, (Key::from("files"), Node::new(Value::Null)));
        0
    });
    as_list(&mut entries[at].1).extend(names.iter().map(|name| Node::text(name.as_str())));
    splice(text, &Layout::read(text, &root), &root, &changed)
}

/// Replaces a value, keeping the spans of what stays the same.
fn replace(node: &mut Node, wanted: Node) {
    let span = node.span;
    let new = graft(node, wanted);
    node.value = new.value;
    node.span = if new.span.is_none() && node.as_text().is_some() { None } else { span };
}

/// Returns the fields of a live object. A field that equals the stored one of the declared object stays as it was
/// written.
fn mixed(entry: &Entry, declared: &Object, live: &dyn Spec) -> Vec<(Key, Node)> {
    let (written, stored) = ((entry.write_long)(&**declared.as_written()), (entry.write_long)(&*declared.spec));
    let mut fields = map_of((entry.write_long)(live));
    for (key, value) in &mut fields {
        if let (true, Some(said)) = (stored.get(&key.text) == Some(value), written.get(&key.text)) {
            *value = said.clone();
        }
    }
    fields
}
