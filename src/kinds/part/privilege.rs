//! Sets of privileges: as written in YAML, as in `aclitem`, and the SQL that turns one into another.
//!
//! See <https://www.postgresql.org/docs/current/ddl-priv.html>.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::json;

use super::since;
use crate::diagnostic::{Code, Problem};
use crate::kind::{Cx, Entry, Form, Misfit, Privileges};
use crate::model::PgVersion;
use crate::model::suggest::did_you_mean;

/// The suffix of a privilege that the grantee may grant to others.
const WITH_OPTION: &str = " with grant option";

/// Privileges, each with whether it may be passed on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrivilegeSet(pub BTreeMap<String, bool>);

impl PrivilegeSet {
    /// Creates a set of privileges without grant option.
    pub fn of<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        Self(names.into_iter().map(|n| (n.as_ref().to_owned(), false)).collect())
    }

    /// Returns whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a privilege as written in YAML: `select`, `all`, `none`, `select with grant option`.
    pub fn add(&mut self, word: &str, rules: &Privileges) -> Result<(), Problem> {
        let lower = word.trim().to_lowercase();
        let (name, option) = lower.strip_suffix(WITH_OPTION).map_or((lower.as_str(), false), |n| (n.trim(), true));
        let name = if name == "temp" { "temporary" } else { name };
        if name == "none" {
            return Ok(());
        }
        if name == "all" || name == "all privileges" {
            self.merge(&Self(rules.all.iter().map(|(n, _)| ((*n).to_owned(), option)).collect()));
            return Ok(());
        }
        if rules.all.iter().any(|(n, _)| *n == name) {
            self.merge(&Self(BTreeMap::from([(name.to_owned(), option)])));
            return Ok(());
        }
        let known: Vec<&str> = rules.all.iter().map(|(n, _)| *n).chain(["all", "none"]).collect();
        let message = format!("`{word}` is no privilege of a {}", rules.noun);
        Err(Problem::new(Code::WrongType, message).help(did_you_mean(name, &known)))
    }

    /// Adds the privileges of another set.
    pub fn merge(&mut self, other: &Self) {
        for (name, option) in &other.0 {
            *self.0.entry(name.clone()).or_default() |= option;
        }
    }

    /// Parses the letters of an `aclitem`: `ar*w`.
    pub fn from_letters(letters: &str, rules: &Privileges) -> Self {
        let mut set = Self::default();
        let mut chars = letters.chars().peekable();
        while let Some(letter) = chars.next() {
            let option = chars.next_if_eq(&'*').is_some();
            if let Some((name, _)) = rules.all.iter().find(|(_, l)| *l == letter) {
                set.0.insert((*name).to_owned(), option);
            }
        }
        set
    }

    /// Returns whether the set contains all privileges that an owner has by default, in any version.
    pub fn is_full(&self, rules: &Privileges) -> bool {
        rules.all.iter().all(|(n, _)| *n == Privileges::LATE.0 || self.0.contains_key(*n))
    }

    /// If the set contains everything, removes what a server of that version does not have, as `all` means all that
    /// there is. Returns whether something was removed.
    pub fn suit(&mut self, rules: &Privileges, server: PgVersion) -> bool {
        !server.at_least(Privileges::LATE.1) && self.is_full(rules) && self.0.remove(Privileges::LATE.0).is_some()
    }

    /// Refuses a privilege that the server's version does not have.
    pub fn late(&self, cx: &Cx<'_>) -> Option<Misfit> {
        let asked = self.0.contains_key(Privileges::LATE.0);
        asked.then(|| since(Privileges::LATE.1, &format!("privilege `{}`", Privileges::LATE.0), "privileges", cx))?
    }

    /// Returns the privileges in words: `select`, `select with grant option`.
    pub fn words(&self) -> Vec<String> {
        self.0.iter().map(|(n, option)| if *option { format!("{n}{WITH_OPTION}") } else { n.clone() }).collect()
    }

    /// Returns what to grant and revoke to turn `old` into this.
    pub fn changes(&self, old: &Self) -> Changes {
        let missing = |option: bool| {
            let lacks = |(name, wanted): &(&String, &bool)| {
                **wanted == option && old.0.get(*name) != Some(*wanted) && (option || !old.0.contains_key(*name))
            };
            self.0.iter().filter(lacks).map(|(n, _)| n.clone()).collect::<Vec<_>>()
        };
        Changes {
            grant: missing(false),
            grant_with_option: missing(true),
            revoke: old.0.keys().filter(|n| !self.0.contains_key(*n)).cloned().collect(),
            revoke_option: old
                .0
                .iter()
                .filter(|(n, o)| **o && self.0.get(*n) == Some(&false))
                .map(|(n, _)| n.clone())
                .collect(),
        }
    }
}

/// What to grant and revoke.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// To grant.
    pub grant: Vec<String>,
    /// To grant with the option to pass on.
    pub grant_with_option: Vec<String>,
    /// To take away.
    pub revoke: Vec<String>,
    /// To keep without the option.
    pub revoke_option: Vec<String>,
}

impl Changes {
    /// Returns `grant … on … to …` and `revoke … on … from …` statements; `on` is such as `table t`.
    ///
    /// `columns` follows every privilege. The flag says whether the statement takes something away.
    pub fn statements(&self, on: &str, grantee: &str, columns: &str) -> Vec<(String, bool)> {
        let list = |names: &[String]| names.iter().map(|n| format!("{n}{columns}")).collect::<Vec<_>>().join(", ");
        let mut out = Vec::new();
        if !self.revoke.is_empty() {
            out.push((format!("revoke {} on {on} from {grantee}", list(&self.revoke)), true));
        }
        if !self.revoke_option.is_empty() {
            out.push((format!("revoke grant option for {} on {on} from {grantee}", list(&self.revoke_option)), true));
        }
        if !self.grant.is_empty() {
            out.push((format!("grant {} on {on} to {grantee}", list(&self.grant)), false));
        }
        if !self.grant_with_option.is_empty() {
            out.push((
                format!("grant {} on {on} to {grantee} with grant option", list(&self.grant_with_option)),
                false,
            ));
        }
        out
    }
}

/// Returns `public`, or the name of a role, quoted if needed.
pub fn grantee(name: &str) -> String {
    if name == "public" { "public".to_owned() } else { crate::sql::ident(name) }
}

/// Splits an `aclitem` into grantee (`public` if it is empty), letters, and grantor.
pub fn split_acl_item(item: &str) -> Option<(String, &str, String)> {
    let (name, rest) = name_before(item, '=');
    let (letters, grantor) = rest?.split_once('/')?;
    Some((if name.is_empty() { "public".to_owned() } else { name }, letters, name_before(grantor, '\0').0))
}

/// Reads a name quoted as in `aclitem` up to an unquoted `end`, and returns what follows that.
fn name_before(item: &str, end: char) -> (String, Option<&str>) {
    let mut quoted = false;
    let mut name = String::new();
    let mut chars = item.char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        match c {
            '"' if quoted && chars.peek().is_some_and(|(_, n)| *n == '"') => {
                chars.next();
                name.push('"');
            }
            '"' => quoted = !quoted,
            c if c == end && !quoted => return (name, Some(&item[i + c.len_utf8()..])),
            other => name.push(other),
        }
    }
    (name, None)
}

impl Serialize for PrivilegeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.words().as_slice() {
            [] => serializer.serialize_str("none"),
            [one] => serializer.serialize_str(one),
            list => list.serialize(serializer),
        }
    }
}

/// Reads both what the catalog returns (a map from privileges to grant options) and what `Serialize` writes.
impl<'de> Deserialize<'de> for PrivilegeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = PrivilegeSet;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a privilege, a list of privileges or `none`")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<PrivilegeSet, E> {
                Ok(if word == "none" { PrivilegeSet::default() } else { one(word) })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<PrivilegeSet, A::Error> {
                let mut set = PrivilegeSet::default();
                while let Some(word) = seq.next_element::<String>()? {
                    set.merge(&one(&word));
                }
                Ok(set)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PrivilegeSet, A::Error> {
                let mut set = BTreeMap::new();
                while let Some((name, option)) = map.next_entry::<String, bool>()? {
                    set.insert(name.to_lowercase(), option);
                }
                Ok(PrivilegeSet(set))
            }
        }

        fn one(word: &str) -> PrivilegeSet {
            let (name, option) = word.strip_suffix(WITH_OPTION).map_or((word, false), |n| (n, true));
            PrivilegeSet(BTreeMap::from([(name.to_owned(), option)]))
        }
        deserializer.deserialize_any(Any)
    }
}

/// Returns the JSON Schema of `grants:` on an object.
pub fn on_thing_schema(privileges: Option<&Privileges>) -> serde_json::Value {
    let columns = json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] });
    let of_columns = json!({ "type": "object", "additionalProperties": columns });
    let names = privileges.into_iter().flat_map(|p| p.all).map(|(name, _)| *name);
    let words: Vec<&str> = names.chain(["all", "none"]).collect();
    let one = json!({ "type": "string", "examples": words });
    let granted = json!({
        "description": "A privilege, a list of them, or `none`; `select with grant option` may be passed on.",
        "anyOf": [one, { "type": "array", "items": { "anyOf": [one, of_columns] } }, of_columns]
    });
    json!({ "type": "object", "additionalProperties": granted })
}

/// Returns the JSON Schema of `grants:` under a role.
pub fn under_role_schema(register: &'static [Entry]) -> serde_json::Value {
    let things = |entry: &Entry, privileges: &Privileges| {
        let mut by_name = on_thing_schema(Some(privileges));
        let alone = entry.homes.iter().any(|home| home.form == Form::One);
        if alone { by_name["additionalProperties"].take() } else { by_name }
    };
    let of = |e: &Entry| e.rules.privileges.map(|p| (p.plural.to_owned(), things(e, &p)));
    let properties: serde_json::Map<String, serde_json::Value> = register.iter().filter_map(of).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

crate::kinds::part::own_schema!(PrivilegeSet, _generator => schemars::json_schema!({
    "description": "A privilege, a list of them, or `none`; `select with grant option` may be passed on.",
    "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }]
}));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acl_items_split_at_the_unquoted_equals_sign() {
        for (item, grantee, letters, grantor) in [
            ("app=arw/postgres", "app", "arw", "postgres"),
            ("=U/postgres", "public", "U", "postgres"),
            ("\"a=b\"=r*/\"x/y\"", "a=b", "r*", "x/y"),
            ("\"say \"\"hi\"\"\"=r/p", "say \"hi\"", "r", "p"),
        ] {
            assert_eq!(split_acl_item(item), Some((grantee.to_owned(), letters, grantor.to_owned())));
        }
    }

    #[test]
    fn changes_are_what_differs() {
        let old = PrivilegeSet(BTreeMap::from([("select".to_owned(), true), ("delete".to_owned(), false)]));
        let new = PrivilegeSet(BTreeMap::from([("select".to_owned(), false), ("insert".to_owned(), true)]));
        let texts: Vec<String> = new.changes(&old).statements("table t", "app", "").into_iter().map(|s| s.0).collect();
        assert_eq!(
            texts,
            [
                "revoke delete on table t from app",
                "revoke grant option for select on table t from app",
                "grant insert on table t to app with grant option",
            ]
        );
    }
}
