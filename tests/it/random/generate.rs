//! States by chance: each kind of object has a function that adds one that PostgreSQL takes.

mod code;
mod columns;
mod constraints;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::rng::Rng;
use super::state::{Class, Id, Name, Object, State};

/// Roles that the cluster has.
pub const ROLES: &[&str] = &["random_a", "random_b", "random C"];

const NAMES: &[&str] = &[
    "orders",
    "Users",
    "order",
    "user",
    "line item",
    "a",
    "b",
    "status",
    "total",
    "no",
    "select",
    "x.y",
    "Größe",
    "it's",
    "end",
    "value",
    "name",
    "items",
    "note",
    "T",
    "t",
    "data",
    "key",
    "type",
    "id",
    "log",
];

pub const NUMBERS: &[&str] = &[
    "int",
    "integer",
    "bigint",
    "smallint",
    "int8",
    "numeric(12,2)",
    "decimal(10, 3)",
    "numeric",
    "double precision",
    "real",
];
pub const TEXTS: &[&str] = &["text", "varchar", "varchar(40)", "character varying(30)", "char(8)"];
pub const TIMES: &[&str] = &["timestamptz", "timestamp", "date", "timestamp with time zone", "timestamp(3)"];

/// A state with seeds of chance.
pub struct Maker<'a> {
    pub rng: &'a mut Rng,
    pub state: State,
    /// Names that are not to be given again: those of the other side of the pair.
    pub taken: BTreeSet<String>,
}

fn object(parent: Option<Id>, section: &'static str, name: String) -> Object {
    Object {
        parent,
        section,
        name: Name::Own(name),
        was: None,
        signature: String::new(),
        class: Class::None,
        fields: BTreeMap::new(),
    }
}

impl Maker<'_> {
    /// A whole state.
    pub fn fill(&mut self) {
        for _ in 0..=self.rng.below(2) {
            self.schema();
        }
        // Privileges are managed where any is declared: one always is.
        for schema in self.state.of("schemas") {
            let object = self.state.objects.get_mut(&schema).expect("it is there");
            object.fields.insert("grants", json!({ "random_a": "usage" }));
        }
        let size = 4 + self.rng.below(26);
        self.table();
        for _ in 0..size {
            self.anything();
        }
    }

    /// One object of a kind by chance, with an option of its own now and then.
    pub fn anything(&mut self) {
        let last = self.state.next;
        self.any_kind();
        for id in last + 1..=self.state.next {
            if self.state.objects.contains_key(&id) && self.rng.one_in(4) {
                self.roll(id);
            }
        }
    }

    fn any_kind(&mut self) {
        match self.rng.below(41) {
            0 => self.enumeration(),
            1 => self.domain(),
            2 => self.sequence(),
            3 | 4 => _ = self.table(),
            5 | 6 => self.column(),
            7 => self.primary_key(),
            8 => self.unique(),
            9 => self.check(),
            10 | 11 => self.foreign_key(),
            12 | 13 => self.index(),
            14..=16 => self.view(),
            17 => self.function(),
            18 => self.trigger(),
            19 => self.policy(),
            20 => self.comment(),
            21 => self.generated(),
            22..=29 => self.more(),
            30..=39 => self.by_recipe(),
            _ => self.rights(),
        }
    }

    /// A name that nothing in the project has.
    pub fn fresh(&mut self) -> String {
        let there: BTreeSet<String> = self.state.objects.keys().map(|id| self.state.name(*id)).collect();
        for round in 0.. {
            let mut name = (*self.rng.pick(NAMES)).to_owned();
            if round > 3 {
                name += &format!("_{}", self.rng.below(100));
            }
            if !there.contains(&name) && !self.taken.contains(&name) {
                return name;
            }
        }
        unreachable!("a free name is found")
    }

    /// A column name that the relation has not; other relations may.
    fn column_name(&mut self, relation: Id) -> String {
        let mut there: Vec<Id> = self.state.columns(relation);
        for heir in self.state.heirs(relation) {
            there.extend(self.state.under(heir, "columns"));
        }
        let there: Vec<String> = there.into_iter().map(|id| self.state.name(id)).collect();
        loop {
            let name = (*self.rng.pick(NAMES)).to_owned();
            if !there.contains(&name) {
                return name;
            }
            let name = format!("{name}_{}", self.rng.below(50));
            if !there.contains(&name) {
                return name;
            }
        }
    }

    pub fn any_schema(&mut self) -> Id {
        let all = self.state.of("schemas");
        *self.rng.pick(&all)
    }

    pub fn any_table(&mut self) -> Id {
        let section = if self.rng.one_in(6) { "heirs" } else { "tables" };
        let all = [self.state.of(section), self.state.of("tables")];
        match self.rng.maybe(all.iter().find(|list| !list.is_empty()).unwrap_or(&all[0])) {
            Some(id) => id,
            None => self.table(),
        }
    }

    /// A column of one of these classes.
    pub fn any_column(&mut self, relation: Id, classes: &[Class]) -> Option<Id> {
        let state = &self.state;
        let list: Vec<Id> =
            state.columns(relation).into_iter().filter(|id| classes.contains(&state.objects[id].class)).collect();
        self.rng.maybe(&list)
    }

    fn schema(&mut self) -> Id {
        let name = self.fresh();
        self.state.add(object(None, "schemas", name))
    }

    fn top(&mut self, section: &'static str) -> Object {
        let parent = self.any_schema();
        let name = self.fresh();
        object(Some(parent), section, name)
    }
}

/// True for what can have a comment.
pub fn can_comment(object: &Object) -> bool {
    !matches!(object.section, "outputs" | "user_mappings" | "default_privileges")
}

/// Takes the fields of a map.
fn take(object: &mut Object, fields: Value) {
    let Value::Object(map) = fields else { return };
    for (key, value) in map {
        object.fields.insert(super::FIELDS.iter().find(|f| **f == key).expect("a field that is listed"), value);
    }
}

/// A text with a column for the word `c`.
fn replace_c(text: &str, column: &str) -> String {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '\'';
    let mut out = String::new();
    let chars: Vec<char> = text.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        let alone = (i == 0 || !word(chars[i - 1])) && chars.get(i + 1).is_none_or(|n| !word(*n));
        if *c == 'c' && alone { out += column } else { out.push(*c) }
    }
    out
}
