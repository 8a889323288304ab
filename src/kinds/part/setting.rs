//! The values of server settings that a role or database sets for its sessions.
//!
//! PostgreSQL stores values as they were written, except for lists of names: their elements are stored separately,
//! quoted if needed. See <https://www.postgresql.org/docs/current/config-setting.html>.

use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::diagnostic::Problem;
use crate::kind::plain_key;
use crate::model::{KindName, State};
use crate::sql;

/// Settings that are lists of names: those with `GUC_LIST_QUOTE` that can be set for a role. The flag says whether
/// unquoted names are folded to lower case.
const LISTS: [(&str, bool); 4] = [
    ("search_path", true),
    ("temp_tablespaces", true),
    ("local_preload_libraries", false),
    ("session_preload_libraries", false),
];

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// As `pg_db_role_setting` holds it.
    Text(String),
    /// As a list in YAML.
    List(Vec<String>),
}

impl Setting {
    /// Returns the setting's name as in addresses: in lower case, as PostgreSQL ignores case.
    pub fn key(written: &str) -> Result<String, Problem> {
        plain_key(written).map(|name| name.to_lowercase())
    }

    /// Returns the value as PostgreSQL will store it.
    #[must_use]
    pub fn normalised(&self, name: &str) -> Self {
        let list = LISTS.iter().find(|(list, _)| *list == name);
        Self::Text(match (self, list) {
            (Self::Text(text), Some((_, folds))) => write_names(&names(text, *folds)),
            (Self::Text(text), None) => text.clone(),
            (Self::List(names), Some(_)) => write_names(names),
            (Self::List(items), None) => items.join(", "),
        })
    }

    /// Returns the text of the value.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::List(items) => items.join(", "),
        }
    }

    /// Returns what follows `set`: `search_path to shop, public`.
    pub fn assignment(&self, name: &str) -> String {
        let target = target(name);
        let value = match (LISTS.iter().any(|(list, _)| *list == name), self.normalised(name).text()) {
            (true, text) => {
                // The parser accepts no empty name and cuts long ones, although the setting may contain both.
                let is_name = |n: &String| (1..=super::names::LONGEST).contains(&n.len());
                let item = |n: &String| if is_name(n) { sql::ident(n) } else { sql::literal(n) };
                names(&text, false).iter().map(item).collect::<Vec<_>>().join(", ")
            }
            (false, text) => sql::literal(&text),
        };
        format!("{target} to {value}")
    }
}

/// Converts every setting of a kind to the form that PostgreSQL stores; `value` gives access to the value in a spec.
pub fn normalise<T>(desired: &mut State, kind: KindName, value: fn(&mut T) -> &mut Setting)
where
    T: Clone + PartialEq + fmt::Debug + Send + Sync + 'static,
{
    for at in desired.of_kind(kind) {
        let Some(mut spec) = desired.spec::<T>(&at).cloned() else { continue };
        let setting = value(&mut spec);
        *setting = setting.normalised(at.key());
        desired.set(&at, spec);
    }
}

/// Returns the catalog query for one kind of setting: the rows of `pg_db_role_setting` that satisfy `which`. `parent`
/// are further columns, each followed by a comma.
pub fn catalog(parent: &str, which: &str) -> String {
    format!(
        "select {parent}split_part(v, '=', 1) as key, substr(v, strpos(v, '=') + 1) as value
         from pg_db_role_setting s, unnest(s.setconfig) v
         where {which}
         order by s.setrole, lower(split_part(v, '=', 1))"
    )
}

/// Returns `name` for `set` and `reset`: the part before a dot is a name of its own.
pub fn target(name: &str) -> String {
    sql::dotted(name.split('.'))
}

/// Defines the methods that all kinds of settings have in common, inside `impl Kind`. Their `value` is a [`Setting`],
/// and `$alter(cx, what)` writes `alter … <what>`.
macro_rules! setting_methods {
    ($alter:ident) => {
        fn short(text: &str) -> Option<Result<Self, Problem>> {
            Some(Ok(Self { value: Setting::Text(text.to_owned()) }))
        }

        fn shorten(&self) -> Option<String> {
            Some(self.value.text())
        }

        fn key(&self, written: &str, _parent: Option<&Address>) -> Result<String, Problem> {
            Setting::key(written)
        }

        fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
            setting::normalise::<Self>(desired, Self::NAME, |spec| &mut spec.value);
        }

        fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
            let Self { value } = self;
            vec![$alter(cx, &format!("set {}", value.assignment(cx.at.key())))]
        }

        fn alter(&self, _old: &Self, cx: &Cx<'_>) -> Alter {
            Alter::InPlace(self.create(cx))
        }

        fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
            vec![$alter(cx, &format!("reset {}", setting::target(cx.at.key())))]
        }
    };
}

pub(in crate::kinds) use setting_methods;

/// Splits a list of names as PostgreSQL does.
fn names(text: &str, folds: bool) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = text.trim();
    loop {
        let (name, after) = if let Some(quoted) = rest.strip_prefix('"') {
            quoted_name(quoted)
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let name = rest[..end].trim_end();
            (if folds { name.to_lowercase() } else { name.to_owned() }, &rest[end..])
        };
        out.push(name);
        match after.trim_start().strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None => return out,
        }
    }
}

/// Reads a name up to the closing quote, and returns what follows that.
fn quoted_name(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let Some(end) = rest.find('"') else {
            name += rest;
            return (name, "");
        };
        name += &rest[..end];
        rest = &rest[end + 1..];
        let Some(next) = rest.strip_prefix('"') else { return (name, rest) };
        name.push('"');
        rest = next;
    }
}

fn write_names(names: &[String]) -> String {
    let quoted = |n: &String| if n.is_empty() { "\"\"".to_owned() } else { sql::ident(n) };
    names.iter().map(quoted).collect::<Vec<_>>().join(", ")
}

impl Serialize for Setting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Setting;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or a list of names")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Setting, E> {
                Ok(Setting::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Setting, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = seq.next_element()? {
                    list.push(item);
                }
                Ok(Setting::List(list))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

crate::kinds::part::own_schema!(Setting, _generator => schemars::json_schema!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] }));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_names_are_stored_as_postgresql_stores_them() {
        for (written, stored, assigned) in [
            ("shop, public", "shop, public", "search_path to shop, public"),
            ("Shop,\"Shop\"", "shop, \"Shop\"", "search_path to shop, \"Shop\""),
            ("\"$user\", public", "\"$user\", public", "search_path to \"$user\", public"),
            ("$user", "\"$user\"", "search_path to \"$user\""),
            ("", "\"\"", "search_path to ''"),
            ("\"\"", "\"\"", "search_path to ''"),
            ("\"a\"\"b, c\"", "\"a\"\"b, c\"", "search_path to \"a\"\"b, c\""),
        ] {
            let setting = Setting::Text(written.to_owned()).normalised("search_path");
            assert_eq!(setting.text(), stored);
            assert_eq!(setting.normalised("search_path"), setting);
            assert_eq!(setting.assignment("search_path"), assigned);
        }
        let list = Setting::List(vec!["$user".to_owned(), "Shop".to_owned()]);
        assert_eq!(list.normalised("search_path").text(), "\"$user\", \"Shop\"");
        assert_eq!(list.assignment("search_path"), "search_path to \"$user\", \"Shop\"");
        let long = Setting::List(vec!["x".repeat(64)]);
        let assigned = format!("local_preload_libraries to '{}'", "x".repeat(64));
        assert_eq!(long.assignment("local_preload_libraries"), assigned);
    }

    #[test]
    fn other_values_stay_as_they_are() {
        assert_eq!(Setting::Text("30s".to_owned()).assignment("statement_timeout"), "statement_timeout to '30s'");
        assert_eq!(Setting::Text("it's".to_owned()).assignment("app.title"), "app.title to 'it''s'");
        assert_eq!(Setting::key("TimeZone").as_deref(), Ok("timezone"));
    }
}
