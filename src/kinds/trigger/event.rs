//! What fires a trigger: `insert`, `update of a, b`, `delete`, `truncate`.

use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::diagnostic::{Code, Problem};
use crate::kind::Renaming;
use crate::kinds::part::refused;
use crate::sql;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A new row.
    Insert,
    /// A changed row; of those columns, where any are named.
    Update(Vec<String>),
    /// A row that goes.
    Delete,
    /// All rows go.
    Truncate,
}

impl Event {
    /// Parses an event as typed in SQL.
    fn parse(text: &str) -> Result<Self, Problem> {
        let tokens = sql::tokens(text);
        let word = |i: usize, w: &str| tokens.get(i).is_some_and(|t| t.is_word(w));
        match tokens.len() {
            1 if word(0, "insert") => Ok(Self::Insert),
            1 if word(0, "update") => Ok(Self::Update(Vec::new())),
            1 if word(0, "delete") => Ok(Self::Delete),
            1 if word(0, "truncate") => Ok(Self::Truncate),
            3.. if word(0, "update") && word(1, "of") => {
                let names = sql::split_commas(&text[tokens[1].end()..]).into_iter().map(|piece| {
                    let name = sql::split_name(piece).filter(|parts| parts.len() == 1).and_then(|mut p| p.pop());
                    name.ok_or_else(|| unknown(piece))
                });
                Ok(Self::Update(names.collect::<Result<_, _>>()?))
            }
            _ => Err(unknown(text)),
        }
    }
}

fn unknown(text: &str) -> Problem {
    Problem::new(Code::WrongType, format!("`{text}` is no event of a trigger"))
        .help("write `insert`, `update`, `update of a, b`, `delete` or `truncate`")
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Insert => f.write_str("insert"),
            Self::Update(columns) if columns.is_empty() => f.write_str("update"),
            Self::Update(columns) => write!(f, "update of {}", sql::idents(columns)),
            Self::Delete => f.write_str("delete"),
            Self::Truncate => f.write_str("truncate"),
        }
    }
}

/// Events, in PostgreSQL's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Events(Vec<Event>);

impl Events {
    fn new(mut list: Vec<Event>) -> Result<Self, Problem> {
        list.sort();
        list.dedup();
        let updates = list.iter().filter(|e| matches!(e, Event::Update(_))).count();
        if list.is_empty() || updates > 1 {
            let message = if updates > 1 { "`update` stands twice" } else { "a trigger has no event" };
            return Err(Problem::new(Code::WrongType, message).help("write each of `insert`, `update`, `delete` once"));
        }
        Ok(Self(list))
    }

    /// Returns the events as in `insert or update of a, b`.
    pub fn words(&self) -> String {
        self.0.iter().map(Event::to_string).collect::<Vec<_>>().join(" or ")
    }

    /// Follows a rename.
    pub fn follow(&mut self, renaming: Renaming<'_>) {
        for event in &mut self.0 {
            if let Event::Update(columns) = event {
                renaming.columns(columns);
            }
        }
    }

    /// Returns the columns of `update of`.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .flat_map(|event| match event {
                Event::Update(columns) => columns.as_slice(),
                Event::Insert | Event::Delete | Event::Truncate => &[],
            })
            .map(String::as_str)
    }
}

impl Serialize for Events {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Event::to_string))
    }
}

impl<'de> Deserialize<'de> for Events {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Events;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of `insert`, `update`, `delete`, `truncate`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Events, E> {
                Event::parse(text).and_then(|event| Events::new(vec![event])).map_err(refused)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Events, A::Error> {
                let mut events = Vec::new();
                while let Some(Item(event)) = list.next_element()? {
                    events.push(event);
                }
                Events::new(events).map_err(refused)
            }
        }
        deserializer.deserialize_any(List)
    }
}

/// An event as an item of a list: `update of a, b`, or `{ update: [a, b] }`.
struct Item(Event);

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Item;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event, or `update` with a list of columns")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Item, E> {
                Event::parse(text).map(Item).map_err(refused)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
                match map.next_entry::<String, Vec<String>>()? {
                    Some((key, columns)) if key == "update" && map.next_key::<String>()?.is_none() => {
                        Ok(Item(Event::Update(columns)))
                    }
                    Some((key, _)) => Err(refused(unknown(&key))),
                    None => Err(de::Error::invalid_length(0, &self)),
                }
            }
        }
        deserializer.deserialize_any(Either)
    }
}

crate::kinds::part::own_schema!(Events, _generator => {
    let columns = serde_json::json!({ "type": "array", "items": { "type": "string" } });
    let update = serde_json::json!({ "type": "object", "properties": { "update": columns }, "required": ["update"], "additionalProperties": false });
    let one = serde_json::json!({ "type": "string", "examples": ["insert", "update", "delete", "truncate"] });
    schemars::json_schema!({ "anyOf": [one, { "type": "array", "items": { "anyOf": [one, update] } }] })
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_read_in_every_spelling() {
        for (json, words) in [
            (r#"["truncate", "INSERT"]"#, "insert or truncate"),
            (r#""update""#, "update"),
            (r#"["update of a, \"B c\"", "delete"]"#, "update of a, \"B c\" or delete"),
            (r#"[{"update": ["a", "B c"]}]"#, "update of a, \"B c\""),
        ] {
            let events: Events = serde_json::from_str(json).expect(json);
            assert_eq!(events.words(), words);
        }
        for json in [r#"["upsert"]"#, "[]", r#"["update", "update of a"]"#, r#"["update of"]"#] {
            assert!(serde_json::from_str::<Events>(json).is_err(), "{json}");
        }
    }
}
