//! Settings that a function or a role brings: `set name = value`.
//!
//! Values are compared as PostgreSQL stores them. See <https://www.postgresql.org/docs/current/sql-set.html>.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sql::{self, TokenClass};

/// Settings whose value is a list of names, each quoted by itself.
///
/// As `variable_is_guc_list_quote` of `pg_dump` lists them.
const LISTS: [&str; 6] = [
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

/// Settings by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<String, String>);

impl Settings {
    /// `set name = value` for each, without the word `set`.
    pub fn assignments(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(name, value)| assignment(name, value))
    }

    /// `set name = value` and `reset name` that turn `old` into this.
    pub fn changes(&self, old: &Self) -> Vec<String> {
        let gone =
            old.0.keys().filter(|name| !self.0.contains_key(*name)).map(|name| format!("reset {}", dotted(name)));
        let set = self.0.iter().filter(|(name, value)| old.0.get(*name) != Some(value));
        gone.chain(set.map(|(name, value)| format!("set {}", assignment(name, value)))).collect()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn assignment(name: &str, value: &str) -> String {
    if !LISTS.contains(&name) {
        return format!("{} = {}", dotted(name), sql::literal(value));
    }
    let items = names(value);
    let list =
        if items.is_empty() { "''".to_owned() } else { items.iter().map(|i| item(i)).collect::<Vec<_>>().join(", ") };
    format!("{} = {list}", dotted(name))
}

/// A setting's name: each part quoted where needed.
fn dotted(name: &str) -> String {
    sql::dotted(name.split('.'))
}

fn item(name: &str) -> String {
    if name.is_empty() { "''".to_owned() } else { sql::ident(name) }
}

/// The names in a list as typed in psql or as stored; `''` and `""` are the empty name.
fn names(text: &str) -> Vec<String> {
    let pieces = sql::split_commas(text);
    pieces
        .into_iter()
        .map(|piece| match sql::tokens(piece).as_slice() {
            [token] if token.class == TokenClass::Str => piece.trim_matches('\'').replace("''", "'"),
            [token] if token.class != TokenClass::Number => token.name().unwrap_or_else(|| piece.to_owned()),
            _ => piece.to_owned(),
        })
        .collect()
}

/// The value as PostgreSQL stores it.
fn stored(name: &str, value: &str) -> String {
    if !LISTS.contains(&name) {
        return value.to_owned();
    }
    let list: Vec<String> = names(value).iter().map(|n| sql::ident(n)).collect();
    if list.is_empty() { sql::ident("") } else { list.join(", ") }
}

impl Serialize for Settings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = BTreeMap::<String, Text>::deserialize(deserializer)?;
        let map = map.into_iter().map(|(name, Text(value))| {
            let name = name.to_lowercase();
            let value = stored(&name, &value);
            (name, value)
        });
        Ok(Self(map.collect()))
    }
}

/// A scalar of any sort, or a list of names.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value, or a list of names")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }

            fn visit_bool<E: de::Error>(self, on: bool) -> Result<Text, E> {
                Ok(Text(on.to_string()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Text, A::Error> {
                let mut items = Vec::new();
                while let Some(name) = list.next_element::<String>()? {
                    items.push(sql::ident(&name));
                }
                Ok(Text(items.join(", ")))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// A `jsonb` object of `name=value` items; `{items}` is the array.
pub fn catalog(items: &str) -> String {
    format!("(select jsonb_object_agg(split_part(s, '=', 1), substr(s, strpos(s, '=') + 1)) from unnest({items}) s)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(json: &str) -> Settings {
        serde_json::from_str(json).expect(json)
    }

    #[test]
    fn lists_are_quoted_name_by_name() {
        let all = settings(r#"{"search_path": "shop,  \"$user\", pg_temp", "work_mem": "64MB", "My.Setting": 5}"#);
        let list: Vec<String> = all.assignments().collect();
        assert_eq!(list, ["my.setting = '5'", "search_path = shop, \"$user\", pg_temp", "work_mem = '64MB'"]);
        assert_eq!(
            settings(r#"{"search_path": ["shop", "$user"]}"#),
            settings(r#"{"search_path": "shop, \"$user\""}"#)
        );
    }

    #[test]
    fn an_empty_search_path_is_one_empty_name() {
        for typed in [r#"{"search_path": "''"}"#, r#"{"search_path": "\"\""}"#, r#"{"search_path": ""}"#] {
            assert_eq!(settings(typed).assignments().collect::<Vec<_>>(), ["search_path = ''"]);
        }
        assert_eq!(settings(r#"{"search_path": "''"}"#), settings(r#"{"search_path": "\"\""}"#));
    }
}
