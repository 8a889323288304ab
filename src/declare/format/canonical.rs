//! Puts keys in the order, and values in the short forms, in which `pull` writes them.

use crate::declare::layout::{Layout, Place};
use crate::declare::lower::COMMON;
use crate::kind::{Entry, Form, Home, home, nested};
use crate::model::node::{Node, Value};

/// Orders the keys of every object (the sections of a file stay where they are), and replaces long forms by short ones
/// that mean the same.
pub fn file(root: &mut Node, register: &'static [Entry], layout: &Layout) {
    let canonical = Canonical { register, layout };
    let Value::Map(entries) = &mut root.value else { return };
    for (key, node) in entries {
        if let Some((entry, home)) = home(register, None, &key.text) {
            canonical.home(entry, home, node, Place::entry(key));
        }
    }
}

struct Canonical<'l> {
    register: &'static [Entry],
    layout: &'l Layout,
}

impl Canonical<'_> {
    /// Orders and shortens the value at the key of a home, which is at `place`.
    fn home(&self, entry: &'static Entry, home: &Home, node: &mut Node, place: Place) {
        match (home.form, &mut node.value) {
            (Form::One, _) => self.object(entry, node, place, None),
            (Form::Map, Value::Map(entries)) => {
                for (key, node) in entries {
                    self.object(entry, node, Place::entry(key), None);
                }
            }
            (Form::List(field), Value::List(items)) => {
                for item in items {
                    let place = Place::item(item);
                    self.object(entry, item, place, Some(field));
                }
            }
            (Form::Map | Form::List(_) | Form::Free, _) => {}
        }
    }

    /// Orders and shortens one object. `field` is the key of the name, for an item of a list.
    fn object(&self, entry: &'static Entry, node: &mut Node, at: Place, field: Option<&str>) {
        if self.layout.is_alias(node) {
            return;
        }
        if node.value == Value::Null && field.is_none() && self.layout.anchor(node).is_none() {
            node.value = Value::Map(Vec::new());
        }
        let Value::Map(entries) = &mut node.value else { return };
        for (key, value) in entries.iter_mut() {
            if let Some((child, place)) = home(self.register, Some(entry), &key.text) {
                self.home(child, place, value, Place::entry(key));
            }
        }
        entries.sort_by_key(|(key, _)| self.rank(entry, field, &key.text));
        if self.layout.is_quiet(node) && !self.layout.is_shared(node) && !self.layout.is_footed(at) {
            match field {
                Some(field) => shorten_item(node, field),
                None => shorten(entry, node),
            }
        }
    }

    /// Returns the sort key of a key in the long form: first the name, then common keys, fields, and children.
    fn rank(&self, entry: &'static Entry, field: Option<&str>, key: &str) -> (usize, usize) {
        if field == Some(key) {
            return (0, 0);
        }
        let at = |list: &[&str], key: &str| list.iter().position(|k| *k == key);
        let field = entry.rules.file.filter(|_| key == "file").unwrap_or(key);
        let child = nested(self.register, Some(entry)).position(|(_, home)| home.key == key);
        match (child, at(&COMMON, key), at((entry.fields)(), field)) {
            (Some(child), ..) => (3, child),
            (None, Some(at), _) => (1, at),
            (None, None, Some(at)) => (2, at),
            (None, None, None) => (4, 0),
        }
    }
}

/// Replaces a long form without children by the short form, if that is not a map and means the same.
fn shorten(entry: &'static Entry, node: &mut Node) {
    let Ok(spec) = (entry.read)(node) else { return };
    let short = (entry.write)(&*spec);
    let shorter = short.as_map().is_none() && short.value != Value::Null;
    if shorter && (entry.read)(&short).is_ok_and(|read| read.same(&*spec)) {
        node.value = short.value;
    }
}

/// Replaces a list item that contains only a name by the name.
fn shorten_item(node: &mut Node, field: &str) {
    let name = match node.as_map() {
        Some([(key, name)]) if &*key.text == field => name.as_text(),
        _ => None,
    };
    if let Some(name) = name {
        node.value = Node::text(name).value;
    }
}
