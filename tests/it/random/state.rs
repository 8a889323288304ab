//! A project as a set of objects that name each other by number, so that a rename follows by itself and a drop takes its
//! users with it.
//!
//! In texts `@7@` is object 7 as SQL names it (a column by its name, all else with its schema), `@=7@` its bare name,
//! `@.7@` its dotted name as a string literal.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// The sections in which the signature is part of the key.
const SIGNED: &[&str] =
    &["functions", "aggregates", "procedures", "operators", "operator_classes", "operator_families"];

/// The number of an object.
pub type Id = u32;

/// How an object is called.
#[derive(Debug, Clone, PartialEq)]
pub enum Name {
    /// By a name of its own.
    Own(String),
    /// As another object: an output column of a view.
    Of(Id),
    /// By a text that names others: `@7@ as text`.
    Text(String),
}

/// The key of a field that holds several fields of the object.
pub const WHOLE: &str = "";

/// What expressions may be built over a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Number,
    Text,
    Time,
    Bool,
    Json,
    Array,
    Enum,
    None,
}

/// An object.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// What it stands under; absent for a schema.
    pub parent: Option<Id>,
    /// The key of the map it stands in: `tables`, `columns`, `primary_key`; `outputs` are not written.
    pub section: &'static str,
    pub name: Name,
    /// Its name before.
    pub was: Option<String>,
    /// What follows the name in its key: the argument types of a routine, with brackets.
    pub signature: String,
    pub class: Class,
    pub fields: BTreeMap<&'static str, Value>,
}

/// A project.
#[derive(Debug, Clone, Default)]
pub struct State {
    pub objects: BTreeMap<Id, Object>,
    pub next: Id,
}

impl State {
    /// Adds an object.
    pub fn add(&mut self, object: Object) -> Id {
        self.next += 1;
        self.objects.insert(self.next, object);
        self.next
    }

    /// The objects of a section, wherever they are.
    pub fn of(&self, section: &str) -> Vec<Id> {
        self.objects.iter().filter(|(_, o)| o.section == section).map(|(id, _)| *id).collect()
    }

    /// The objects of a section under one object.
    pub fn under(&self, parent: Id, section: &str) -> Vec<Id> {
        self.of(section).into_iter().filter(|id| self.objects[id].parent == Some(parent)).collect()
    }

    /// The columns of a table or view, those from the table it inherits from first.
    pub fn columns(&self, relation: Id) -> Vec<Id> {
        let above = self.above(relation).map(|above| self.columns(above)).unwrap_or_default();
        [above, self.under(relation, "columns"), self.under(relation, "outputs")].concat()
    }

    /// The table that a table inherits from.
    pub fn above(&self, table: Id) -> Option<Id> {
        let list = self.objects.get(&table)?.fields.get("inherits")?;
        let mut named = BTreeSet::new();
        numbers(list, &mut named);
        named.into_iter().next()
    }

    /// The tables that inherit from a table.
    pub fn heirs(&self, table: Id) -> Vec<Id> {
        self.of("heirs").into_iter().filter(|id| self.above(*id) == Some(table)).collect()
    }

    /// The bare name.
    pub fn name(&self, id: Id) -> String {
        match &self.objects[&id].name {
            Name::Own(name) => name.clone(),
            Name::Of(source) => self.name(*source),
            Name::Text(text) => self.fill(text),
        }
    }

    /// The key it has in YAML, and in `was:`.
    pub fn key(&self, id: Id) -> String {
        let object = &self.objects[&id];
        let signed = SIGNED.contains(&object.section);
        if signed { format!("{}{}", self.name(id), self.fill(&object.signature)) } else { self.name(id) }
    }

    /// The name as SQL takes it.
    pub fn reference(&self, id: Id) -> String {
        let object = &self.objects[&id];
        match object.parent {
            Some(parent) if object.section == "operators" => {
                format!("operator({}.{})", ident(&self.name(parent)), self.name(id))
            }
            Some(parent) if !matches!(object.section, "columns" | "outputs") => {
                format!("{}.{}", ident(&self.name(parent)), ident(&self.name(id)))
            }
            _ => ident(&self.name(id)),
        }
    }

    /// Removes an object and all that cannot be without it.
    pub fn remove(&mut self, id: Id) {
        self.objects.remove(&id);
        self.prune();
    }

    /// Removes what names something that is not there.
    pub fn prune(&mut self) {
        loop {
            let there: BTreeSet<Id> = self.objects.keys().copied().collect();
            let whole = |o: &Object| uses(o).iter().all(|id| there.contains(id));
            let before = self.objects.len();
            self.objects.retain(|_, o| whole(o));
            let lost = |id: &Id| self.names_a_strange_column(*id) || self.is_said_above(*id);
            let lost: Vec<Id> = self.objects.keys().copied().filter(lost).collect();
            for id in lost {
                self.objects.remove(&id);
            }
            let bare = |id: &Id, o: &Object| {
                (o.section.ends_with("views") || matches!(o.section, "tables" | "partitioned" | "foreign_tables"))
                    && !self
                        .objects
                        .values()
                        .any(|c| c.parent == Some(*id) && matches!(c.section, "columns" | "outputs"))
            };
            let bare: Vec<Id> = self.objects.iter().filter(|(id, o)| bare(id, o)).map(|(id, _)| *id).collect();
            for id in &bare {
                self.objects.remove(id);
            }
            if self.objects.len() == before {
                return;
            }
        }
    }

    /// True where an object names a column that none of its relations has: an heir's, once it is one of another table.
    fn names_a_strange_column(&self, id: Id) -> bool {
        let object = &self.objects[&id];
        let used = uses(object);
        let is_column = |c: &Id| self.objects.get(c).is_some_and(|o| matches!(o.section, "columns" | "outputs"));
        let relations = used.iter().filter(|r| !is_column(r)).copied().chain(object.parent).chain([id]);
        let theirs: BTreeSet<Id> = relations.flat_map(|r| self.columns(r)).collect();
        used.iter().any(|c| is_column(c) && !theirs.contains(c))
    }

    /// True for a column of an heir that is called as one it inherits, of another type perhaps.
    fn is_said_above(&self, id: Id) -> bool {
        let object = &self.objects[&id];
        let above = object.parent.filter(|_| object.section == "columns").and_then(|table| self.above(table));
        above.is_some_and(|above| self.columns(above).iter().any(|c| self.name(*c) == self.name(id)))
    }

    /// The project as YAML.
    pub fn yaml(&self) -> String {
        let mut root = Map::new();
        let mut roles = Map::new();
        for role in super::generate::ROLES {
            roles.insert((*role).to_owned(), serde_json::json!({ "external": true }));
        }
        root.insert("roles".to_owned(), Value::Object(roles));
        root.insert("schemas".to_owned(), serde_json::json!({ "public": {} }));
        for (id, object) in self.objects.iter().filter(|(_, o)| o.parent.is_none()) {
            let section = root.entry(object.section).or_insert_with(|| Value::Object(Map::new()));
            section.as_object_mut().expect("a section is a map").insert(self.key(*id), self.body(*id));
        }
        let mut out = String::new();
        write(&Value::Object(root), 0, &mut out);
        out
    }

    /// What stands under an object's name.
    fn body(&self, id: Id) -> Value {
        let object = &self.objects[&id];
        let mut map = Map::new();
        if let Some(was) = &object.was {
            map.insert("was".to_owned(), Value::String(was.clone()));
        }
        for (key, value) in &object.fields {
            match (*key, self.text(value)) {
                (WHOLE, Value::Object(fields)) => map.extend(fields),
                (key, value) => _ = map.insert(key.to_owned(), value),
            }
        }
        for (child, inner) in self.objects.iter().filter(|(_, o)| o.parent == Some(id) && o.section != "outputs") {
            let body = self.body(*child);
            if inner.section == "primary_key" {
                map.insert(inner.section.to_owned(), body);
                continue;
            }
            let section = match inner.section {
                "partitioned" | "partitions" | "heirs" => "tables",
                "view_triggers" => "triggers",
                other => other,
            };
            let section = map.entry(section).or_insert_with(|| Value::Object(Map::new()));
            let body = if inner.section == "columns" && child % 2 == 0 { short(body) } else { body };
            section.as_object_mut().expect("a section is a map").insert(self.key(*child), body);
        }
        Value::Object(map)
    }

    fn text(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(list) => Value::Array(list.iter().map(|v| self.text(v)).collect()),
            Value::Object(map) => Value::Object(map.iter().map(|(k, v)| (self.fill(k), self.text(v))).collect()),
            other => other.clone(),
        }
    }

    /// A text with names for numbers.
    pub fn fill(&self, text: &str) -> String {
        let mut out = String::new();
        for (i, part) in text.split('@').enumerate() {
            if i % 2 == 0 {
                out += part;
            } else if let Some(bare) = part.strip_prefix('=') {
                out += &self.name(number(bare));
            } else if let Some(dotted) = part.strip_prefix('.') {
                out += &format!("'{}'", self.reference(number(dotted)).replace('\'', "''"));
            } else {
                out += &self.reference(number(part));
            }
        }
        out
    }
}

/// A column in one line, where that says all.
fn short(body: Value) -> Value {
    let map = body.as_object().expect("a column is a map");
    if map.keys().any(|key| !matches!(key.as_str(), "type" | "not_null" | "default" | "collation")) {
        return body;
    }
    let word = |key: &str, before: &str| {
        let text = map.get(key).and_then(Value::as_str);
        text.map(|text| format!("{before}{text}")).unwrap_or_default()
    };
    let not_null = if map.contains_key("not_null") { " not null" } else { "" };
    let (kind, collate, default) = (word("type", ""), word("collation", " collate "), word("default", " default "));
    Value::String(format!("{kind}{collate}{not_null}{default}"))
}

fn number(text: &str) -> Id {
    text.parse().expect("between two `@` stands a number")
}

/// What an object names.
pub fn uses(object: &Object) -> BTreeSet<Id> {
    let mut out: BTreeSet<Id> = object.parent.into_iter().collect();
    if let Name::Of(id) = object.name {
        out.insert(id);
    }
    if let Name::Text(text) = &object.name {
        numbers(&Value::String(text.clone()), &mut out);
    }
    numbers(&Value::String(object.signature.clone()), &mut out);
    object.fields.values().for_each(|value| numbers(value, &mut out));
    out
}

fn numbers(value: &Value, out: &mut BTreeSet<Id>) {
    match value {
        Value::String(text) => {
            out.extend(text.split('@').skip(1).step_by(2).map(|part| number(part.trim_start_matches(['=', '.']))));
        }
        Value::Array(list) => list.iter().for_each(|v| numbers(v, out)),
        Value::Object(map) => map.iter().for_each(|(k, v)| {
            numbers(&Value::String(k.clone()), out);
            numbers(v, out);
        }),
        _ => {}
    }
}

/// An identifier, quoted where it must be.
pub fn ident(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let reserved = ["order", "user", "select", "end", "all", "check", "default", "group", "limit"];
    if plain && !reserved.contains(&name) { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// YAML: maps as blocks, all else on a line.
fn write(value: &Value, depth: usize, out: &mut String) {
    let Value::Object(map) = value else { return };
    for (key, value) in map {
        let plain = key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        let key = if plain { key.clone() } else { Value::String(key.clone()).to_string() };
        *out += &format!("{}{key}:", "  ".repeat(depth));
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                out.push('\n');
                write(value, depth + 1, out);
            }
            other => *out += &format!(" {other}\n"),
        }
    }
}
