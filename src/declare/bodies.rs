//! Moves bodies to files of their own, referred to by `file:`.

use std::collections::HashSet;

use crate::kind::{Entry, Form, Home, home};
use crate::model::node::{Key, Node, Value};

/// Removes from a raised file every text that may be in a file of its own, and returns these files. Each has a path
/// below `directory`, relative to the YAML file, and a text.
pub fn take_out(root: &mut Node, directory: &str, register: &'static [Entry]) -> Vec<(String, String)> {
    let mut taking = Taking { register, directory, names: HashSet::new(), files: Vec::new() };
    if let Value::Map(entries) = &mut root.value {
        for (key, node) in entries {
            if let Some((entry, home)) = home(register, None, &key.text) {
                taking.home(entry, home, node);
            }
        }
    }
    taking.files
}

struct Taking<'a> {
    register: &'static [Entry],
    directory: &'a str,
    names: HashSet<String>,
    files: Vec<(String, String)>,
}

impl Taking<'_> {
    fn home(&mut self, entry: &'static Entry, home: &Home, node: &mut Node) {
        match (home.form, &mut node.value) {
            (Form::Map, Value::Map(entries)) => {
                for (key, node) in entries {
                    self.object(entry, home, &key.text, node);
                }
            }
            (Form::One, _) => self.object(entry, home, home.key, node),
            (Form::Map | Form::List(_) | Form::Free, _) => {}
        }
    }

    fn object(&mut self, entry: &'static Entry, place: &Home, name: &str, node: &mut Node) {
        if let Some(field) = entry.rules.file {
            self.body(field, entry, place, name, node);
        }
        let Value::Map(entries) = &mut node.value else { return };
        for (key, value) in entries {
            if let Some((child, place)) = home(self.register, Some(entry), &key.text) {
                self.home(child, place, value);
            }
        }
    }

    /// Replaces the text of an object by `file:`.
    fn body(&mut self, field: &str, entry: &Entry, place: &Home, name: &str, node: &mut Node) {
        let is_short = entry.rules.short_field == Some(field) && node.as_text().is_some();
        let text = if is_short { node.as_text() } else { node.get(field).and_then(Node::as_text) };
        let Some(text) = text.map(str::to_owned) else { return };
        let path = self.path(place, name);
        let file = (Key::from("file"), Node::text(path.as_str()));
        match &mut node.value {
            Value::Map(entries) => {
                for entry in entries.iter_mut().filter(|(key, _)| &*key.text == field) {
                    *entry = file.clone();
                }
            }
            Value::Null | Value::Scalar(_) | Value::List(_) => node.value = Value::Map(vec![file]),
        }
        self.files.push((path, text));
    }

    /// Returns a path that is not used yet, regardless of case. It contains the argument types only if it must.
    fn path(&mut self, place: &Home, name: &str) -> String {
        let bare = plain(name.split('(').next().unwrap_or(name));
        let full = plain(name);
        let numbered = (2..).map(|n| format!("{full}_{n}"));
        let stem = [bare, full.clone()]
            .into_iter()
            .chain(numbered)
            .find(|stem| self.names.insert(format!("{}/{stem}", place.key).to_lowercase()))
            .expect("there is always a next number");
        format!("{}/{}/{stem}.sql", self.directory, place.key)
    }
}

/// Returns a name in characters that every file system accepts.
pub fn plain(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c)))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let name = words.join("_");
    if name.is_empty() || name.starts_with('.') { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::register;

    #[test]
    fn each_text_has_a_file_of_its_own() {
        let functions = ["f(integer)", "f(text)", "F(text)", "odd name(int4, \"x y\"[])", "été()"];
        let entry =
            |name: &&str| (Key::from(*name), Node::new(Value::Map(vec![(Key::from("body"), Node::text(*name))])));
        let map = |key: &str, entries| Node::new(Value::Map(vec![(Key::from(key), entries)]));
        let functions = map("functions", Node::new(Value::Map(functions.iter().map(entry).collect())));
        let mut root = map("schemas", map("shop", functions));
        let files = take_out(&mut root, "shop", register());
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        let wanted = ["f", "f_text", "F_text_2", "odd_name", "t"].map(|n| format!("shop/functions/{n}.sql"));
        assert_eq!(names, wanted);
        assert_eq!(files[1].1, "f(text)");
    }
}
