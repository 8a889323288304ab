//! Kinds and options of objects as tables: each field with the values that it may have, one of which is taken by chance.
//!
//! A value is JSON, or text where it is none; an empty one leaves the field out. In it `$tables` is an object of that
//! section (`$=tables` its bare name), made where there is none; `%number` a column of that class of the relation at hand
//! (`%=any` its bare name), of a type of PostgreSQL's own; `%key` a unique constraint of it; `&role` a role,
//! `&other` another one than the object is called by; `&fn:text` a
//! function that returns that.

mod table;

use serde_json::{Map, Value};
use table::{KINDS, NEWER, RECIPES, TYPES};

use super::generate::{Maker, ROLES};
use super::state::{Class, Id, Name, Object, State, WHOLE};

/// A field and the values it may have.
type Choice = (&'static str, &'static [&'static str]);

/// What objects of a section may be.
struct Recipe {
    section: &'static str,
    /// For columns: only of these classes.
    classes: &'static [Class],
    choices: &'static [Choice],
}

/// A kind that a recipe says whole: its section, what it stands under (a section, or nothing), and its name.
struct Kind {
    section: &'static str,
    under: &'static str,
    name: Named,
    signature: &'static str,
}

/// How objects of a kind are called.
enum Named {
    /// Freely.
    Freely,
    /// By one of these texts.
    By(&'static [&'static str]),
}

/// The parts of a value that stand for something: `$tables`.
fn split(text: &str) -> Vec<(bool, &str)> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['$', '%', '&']).filter(|at| *at + 1 < rest.len()) {
        let word = |c: char| c.is_ascii_lowercase() || matches!(c, '_' | '=' | ':' | '.');
        let end = rest[at + 1..].find(|c| !word(c)).map_or(rest.len(), |n| at + 1 + n);
        out.push((false, &rest[..at]));
        out.push((true, &rest[at..end]));
        rest = &rest[end..];
    }
    out.push((false, rest));
    out
}

impl Maker<'_> {
    /// One object of a kind that has a recipe.
    pub fn by_recipe(&mut self) {
        let kind = self.rng.pick(KINDS);
        self.make(kind);
    }

    fn make(&mut self, kind: &Kind) -> Option<Id> {
        let parent = match kind.under {
            "" => None,
            section => Some(self.some_of(section)?),
        };
        let name = match &kind.name {
            Named::Freely => Name::Own(self.fresh()),
            Named::By(texts) => {
                let text = *self.rng.pick(texts);
                let sort = *self.rng.pick(TYPES);
                Name::Text(self.resolve(&text.replace("$TYPE", &format!("${sort}")), parent)?)
            }
        };
        let new = Object {
            parent,
            section: kind.section,
            name,
            was: None,
            signature: kind.signature.to_owned(),
            class: Class::None,
            fields: std::collections::BTreeMap::new(),
        };
        let id = self.state.add(new);
        let again = self.state.of(kind.section).into_iter().any(|other| {
            other != id && self.state.key(other) == self.state.key(id) && self.state.objects[&other].parent == parent
        });
        if again || !self.complete(id) {
            self.state.objects.remove(&id);
            return None;
        }
        Some(id)
    }

    /// Gives a new object its fields, and what it can't be without.
    fn complete(&mut self, id: Id) -> bool {
        let choices: Vec<&Choice> = recipes(&self.state, id).flat_map(|recipe| recipe.choices).collect();
        if !choices.into_iter().all(|choice| self.choose(id, choice)) {
            return false;
        }
        match self.state.objects[&id].section {
            "foreign_tables" => {
                for _ in 0..2 {
                    self.column_in(id);
                }
            }
            "heirs" if self.rng.one_in(2) => _ = self.column_in(id),
            "functions" => self.event_function(id),
            "operators" if self.state.objects[&id].signature.starts_with("(none") => {
                let functions = self.state.of("functions");
                let functions: Vec<Id> =
                    functions.into_iter().filter(|id| self.state.objects[id].class == Class::Number).collect();
                let Some(function) = self.rng.maybe(&functions) else { return false };
                let object = self.state.objects.get_mut(&id).expect("it is there");
                object.fields.insert("function", Value::String(format!("@{function}@")));
            }
            _ => {}
        }
        true
    }

    fn event_function(&mut self, id: Id) {
        let languages = self.state.of("languages");
        let language = self.rng.maybe(&languages).map_or("plpgsql".to_owned(), |id| format!("@={id}@"));
        let object = self.state.objects.get_mut(&id).expect("it is there");
        object.fields.retain(|key, _| *key == "cost" || *key == "security");
        for (key, value) in [("returns", "event_trigger"), ("language", &language), ("body", "begin end")] {
            object.fields.insert(key, Value::String(value.to_owned()));
        }
    }

    /// An object of a section; a new one where there is none and a recipe says how.
    fn some_of(&mut self, section: &str) -> Option<Id> {
        let all = self.state.of(section);
        if let Some(id) = self.rng.maybe(&all) {
            return Some(id);
        }
        KINDS.iter().find(|kind| kind.section == section && kind.under != "views").and_then(|kind| self.make(kind))
    }

    /// Takes another value for one of the fields that an object may have; false where it has no recipe.
    pub fn roll(&mut self, id: Id) -> bool {
        let choices: Vec<&Choice> = recipes(&self.state, id).flat_map(|r| r.choices).collect();
        let Some(choice) = self.rng.maybe(&choices) else { return false };
        self.choose(id, choice)
    }

    /// Takes a value for a field; false where what it names is not there.
    fn choose(&mut self, id: Id, (key, values): &Choice) -> bool {
        let value = *self.rng.pick(values);
        let parent = self.state.objects[&id].parent.and_then(|p| self.state.objects.get(&p));
        if *key == "compression" && parent.is_some_and(|p| p.section == "foreign_tables") {
            return true;
        }
        let Some(text) = self.resolve(value, Some(id)) else { return values.contains(&"") };
        let Some(object) = self.state.objects.get_mut(&id) else { return false };
        if text.is_empty() {
            object.fields.remove(key);
        } else {
            object.fields.insert(key, serde_json::from_str(&text).unwrap_or(Value::String(text)));
        }
        true
    }

    /// A value with numbers of objects for what stands for them.
    fn resolve(&mut self, value: &str, at: Option<Id>) -> Option<String> {
        let mut relation = at.and_then(|id| relation_of(&self.state, id));
        let mut out = String::new();
        for (stands, part) in split(value) {
            if !stands {
                out += part;
                continue;
            }
            let (sign, word) = part.split_at(1);
            let (bare, word) = word.strip_prefix('=').map_or(("", word), |word| ("=", word));
            match sign {
                "$" => {
                    let id = self.some_of(word).filter(|id| Some(*id) != at)?;
                    relation = relation.filter(|_| !matches!(word, "tables" | "partitioned")).or(Some(id));
                    out += &format!("@{bare}{id}@");
                }
                "%" => out += &format!("@{bare}{}@", self.part_of(relation?, word)?),
                _ if word == "role" => out += *self.rng.pick(ROLES),
                _ if word == "other" => {
                    let own = at.map(|id| self.state.name(id));
                    let others: Vec<&str> = ROLES.iter().copied().filter(|r| own.as_deref() != Some(r)).collect();
                    out += *self.rng.pick(&others);
                }
                _ => {
                    let function = self.function_that_returns(word.strip_prefix("fn:")?)?;
                    out += &format!("@{function}@");
                }
            }
        }
        Some(out)
    }

    fn function_that_returns(&mut self, kind: &str) -> Option<Id> {
        let state = &self.state;
        let all = state.of("functions").into_iter();
        let list: Vec<Id> =
            all.filter(|id| state.objects[id].fields.get("returns").is_some_and(|r| r == kind)).collect();
        self.rng.maybe(&list).or_else(|| {
            let kind = KINDS.iter().find(|k| k.section == "functions" && kind == "event_trigger")?;
            self.make(kind)
        })
    }

    /// A column of a relation, or a unique constraint.
    fn part_of(&mut self, relation: Id, word: &str) -> Option<Id> {
        let list = match word {
            "key" => self.state.under(relation, "unique"),
            _ => self.state.columns(relation),
        };
        let state = &self.state;
        let fits = |id: &Id| {
            let object = &state.objects[id];
            let own = object.fields.get("type").is_none_or(|t| !t.to_string().contains('@'));
            let given = !object.fields.contains_key("generated");
            match word {
                "number" => object.class == Class::Number && own && given,
                "plain" => own && given,
                _ => true,
            }
        };
        let list: Vec<Id> = list.into_iter().filter(fits).collect();
        self.rng.maybe(&list)
    }
}

/// Leaves out of a state what a server of that version does not know: a seed means the same on each otherwise.
pub fn suit(state: &mut State, major: u32) {
    for (_, section, path) in NEWER.iter().filter(|(since, ..)| *since > major) {
        for object in state.objects.values_mut().filter(|object| object.section == *section) {
            object.fields.retain(|key, _| path != &[*key]);
            if let Some(Value::Object(map)) = object.fields.get_mut(WHOLE) {
                leave_out(map, path);
            }
        }
    }
}

fn leave_out(map: &mut Map<String, Value>, path: &[&str]) {
    match path {
        [] => {}
        [key] => _ = map.remove(*key),
        [key, rest @ ..] => {
            let inner = map.iter_mut().filter(|(name, _)| *key == "*" || name == key).map(|(_, value)| value);
            inner.filter_map(Value::as_object_mut).for_each(|inner| leave_out(inner, rest));
        }
    }
}

/// The relation that an object is, or stands under.
fn relation_of(state: &State, id: Id) -> Option<Id> {
    if !state.columns(id).is_empty() {
        return Some(id);
    }
    state.objects[&id].parent.filter(|parent| !state.columns(*parent).is_empty())
}

/// What an object may be.
fn recipes(state: &State, id: Id) -> impl Iterator<Item = &'static Recipe> {
    let object = &state.objects[&id];
    let (section, class) = (object.section, object.class);
    // Options of an index are those of a B-tree; what is computed, and operators with one operand, have none.
    let none = object.signature.starts_with("(none")
        || object.fields.contains_key("method")
        || object.fields.contains_key("generated");
    RECIPES
        .iter()
        .filter(move |r| r.section == section && (r.classes.is_empty() || r.classes.contains(&class)) && !none)
}
