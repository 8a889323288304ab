//! The settings of a project, `dbstate.yaml`: their shape, and what can be checked without a database.

use std::collections::BTreeMap;

use globset::Glob;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lower::read_all;
use super::variables::is_name;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Problem, Result};
use crate::model::bridge;
use crate::model::node::{Node, Value};
use crate::model::suggest::did_you_mean;
use crate::model::{HazardClass, Manage};

/// `dbstate.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Files and directories, relative to this file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// How much of the database is managed: `schemas` or `database`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manage: Option<Manage>,
    /// Where the database is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<Source>,
    /// Named targets.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub environments: BTreeMap<String, Environment>,
    /// Hazard classes that need no further allowance.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("items" = hazard_class_schema()))]
    pub allow: Vec<String>,
    /// Globs over `schema.name` that are not managed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// How long to wait for a lock, as PostgreSQL writes it: `3s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock_timeout: Option<String>,
    /// How long a statement may run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement_timeout: Option<String>,
    /// Values for `${name}` in files. Where there are none, in no environment either, `${name}` is text.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = variable_schema()))]
    pub variables: BTreeMap<String, String>,
    /// `off` to leave nothing in the target database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger: Option<String>,
}

/// A value that stands here or in the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The value itself.
    Value(String),
    /// The name of an environment variable.
    Env(String),
}

impl Source {
    /// Returns the value itself, or that of the environment variable.
    pub fn resolve(&self, env: &dyn Fn(&str) -> Option<String>) -> Result<String> {
        match self {
            Self::Value(value) => Ok(value.clone()),
            Self::Env(name) => env(name).ok_or_else(|| {
                let message = format!("the environment variable `{name}` is not set");
                Box::new(Diagnostic::new(Code::Usage, message).help(format!(
                    "`dbstate.yaml` takes the database from it: set `{name}`, or name one with `--database`; \
                     `-d local` is the embedded server"
                )))
            }),
        }
    }
}

impl JsonSchema for Source {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Source".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [
            { "type": "string" },
            {
                "type": "object",
                "properties": { "env": { "type": "string", "description": "The name of an environment variable." } },
                "required": ["env"],
                "additionalProperties": false
            }
        ] })
    }
}

impl Serialize for Source {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => serializer.serialize_str(value),
            Self::Env(name) => BTreeMap::from([("env", name)]).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = Source;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value or `{ env: NAME }`")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Source, E> {
                Ok(Source::Value(text.to_owned()))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Source, A::Error> {
                #[derive(Deserialize)]
                #[serde(deny_unknown_fields)]
                struct Env {
                    env: String,
                }
                let env = Env::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Source::Env(env.env))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// The databases of an environment: one, a list of them, or what a query yields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Databases {
    /// One.
    One(Source),
    /// Each of these.
    List(Vec<Source>),
    /// Those that a query names.
    Query(Query),
}

/// A query that names databases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// SQL that yields a row for each: the name of a database on the same server, or a connection string.
    pub query: String,
    /// The database to ask [default: the one that is meant without an environment].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Source>,
}

impl JsonSchema for Databases {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Databases".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let source = generator.subschema_for::<Source>();
        let query = generator.subschema_for::<Query>();
        schemars::json_schema!({ "anyOf": [source.clone(), { "type": "array", "items": source }, query] })
    }
}

impl Serialize for Databases {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(source) => source.serialize(serializer),
            Self::List(sources) => sources.serialize(serializer),
            Self::Query(query) => query.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Databases {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> serde::de::Visitor<'de> for Any {
            type Value = Databases;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a database, a list of them, or `{ query: SQL }`")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Databases, E> {
                Ok(Databases::One(Source::Value(text.to_owned())))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, items: A) -> Result<Databases, A::Error> {
                Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(items)).map(Databases::List)
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Databases, A::Error> {
                #[derive(Deserialize)]
                #[serde(deny_unknown_fields)]
                struct Map {
                    env: Option<String>,
                    query: Option<String>,
                    from: Option<Source>,
                }
                let map = Map::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                match (map.env, map.query, map.from) {
                    (Some(name), None, None) => Ok(Databases::One(Source::Env(name))),
                    (None, Some(query), from) => Ok(Databases::Query(Query { query, from })),
                    _ => Err(serde::de::Error::custom("a database is `{ env: NAME }`, or `{ query: SQL, from: URL }`")),
                }
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// A named target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Environment {
    /// Where the database is, or which databases there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<Databases>,
    /// Hazard classes that need no further allowance there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("items" = hazard_class_schema()))]
    pub allow: Vec<String>,
    /// Values for `${name}` in files, which go before those of all environments.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = variable_schema()))]
    pub variables: BTreeMap<String, String>,
}

impl Settings {
    /// Returns the environment of that name.
    pub fn environment(&self, name: &str) -> Result<&Environment> {
        self.environments.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.environments.keys().map(String::as_str).collect();
            let help = match known.as_slice() {
                [] => "it has none: name the database with `--database`, or write `environments:` there".to_owned(),
                known => did_you_mean(name, known),
            };
            Box::new(Diagnostic::new(Code::Usage, format!("`dbstate.yaml` has no environment `{name}`")).help(help))
        })
    }
}

/// Returns the settings of a file, and pushes everything that is wrong with them to `problems`.
pub fn read(node: &Node, problems: &mut Diagnostics) -> Settings {
    if node.value == Value::Null {
        return Settings::default();
    }
    let (settings, errors) = read_all(node, bridge::from_node::<Settings>, false);
    for mut error in errors {
        if error.span == node.span {
            error.problem.help.get_or_insert_with(|| "write `files: [schema.yaml]` and the like".to_owned());
        }
        problems.push(Diagnostic::from(error));
    }
    check(node, problems);
    settings.unwrap_or_default()
}

/// Returns the JSON Schema of a class of hazards.
fn hazard_class_schema() -> serde_json::Value {
    serde_json::json!({ "type": "string", "enum": HazardClass::ALL.map(HazardClass::as_str) })
}

/// Returns the JSON Schema of the name of a variable.
fn variable_schema() -> serde_json::Value {
    serde_json::json!({ "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" })
}

/// Checks each value by itself, so that problems can point at it.
fn check(node: &Node, problems: &mut Diagnostics) {
    one_of(node.get("ledger"), &["on", "off"], problems);
    each(node.get("allow"), hazard_class, problems);
    each(node.get("exclude"), glob, problems);
    for key in ["lock_timeout", "statement_timeout"] {
        each(node.get(key), duration, problems);
    }
    names(node.get("variables"), problems);
    for (_, environment) in node.get("environments").and_then(Node::as_map).unwrap_or_default() {
        each(environment.get("allow"), hazard_class, problems);
        names(environment.get("variables"), problems);
    }
}

/// Checks the names of variables.
fn names(node: Option<&Node>, problems: &mut Diagnostics) {
    for (key, _) in node.and_then(Node::as_map).unwrap_or_default().iter().filter(|(key, _)| !is_name(&key.text)) {
        let problem = Problem::new(Code::WrongType, format!("`{}` can't be the name of a variable", key.text))
            .help("a name has letters, digits and `_`, and does not begin with a digit");
        problems.push(match key.span {
            Some(span) => problem.at(span, ""),
            None => problem.into(),
        });
    }
}

fn one_of(node: Option<&Node>, known: &[&str], problems: &mut Diagnostics) {
    each(node, |word| known.contains(&word).then_some(()).ok_or_else(|| unknown(word, known)), problems);
}

fn unknown(word: &str, known: &[&str]) -> Problem {
    Problem::new(Code::WrongType, format!("unknown value `{word}`")).help(did_you_mean(word, known))
}

/// Checks a text, or each text of a list. Other shapes have been reported already.
fn each<T>(node: Option<&Node>, check: impl Fn(&str) -> Result<T, Problem>, problems: &mut Diagnostics) {
    let Some(node) = node else { return };
    let items = match &node.value {
        Value::List(items) => items.as_slice(),
        Value::Scalar(_) => std::slice::from_ref(node),
        Value::Null | Value::Map(_) => &[],
    };
    for item in items {
        let Some(Err(problem)) = item.as_text().map(&check) else { continue };
        problems.push(match item.span {
            Some(span) => problem.at(span, ""),
            None => problem.into(),
        });
    }
}

/// Returns the hazard class of that name.
pub fn hazard_class(word: &str) -> Result<HazardClass, Problem> {
    let known: Vec<&str> = HazardClass::ALL.iter().map(|c| c.as_str()).collect();
    HazardClass::ALL.into_iter().find(|c| c.as_str() == word.trim()).ok_or_else(|| {
        Problem::new(Code::WrongType, format!("`{word}` is no hazard class")).help(did_you_mean(word, &known))
    })
}

fn glob(pattern: &str) -> Result<Glob, Problem> {
    Glob::new(pattern).map_err(|error| {
        Problem::new(Code::WrongType, format!("`{pattern}` is no glob: {}", error.kind()))
            .help("write a pattern such as `shop.*` or `*.tmp_*`")
    })
}

/// Checks a time in PostgreSQL's notation: a number and `us`, `ms`, `s`, `min`, `h` or `d`.
fn duration(text: &str) -> Result<(), Problem> {
    let number = text.trim();
    let unit = number.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let known = ["", "us", "ms", "s", "min", "h", "d"].contains(&unit.trim());
    if known && number.len() > unit.len() {
        return Ok(());
    }
    Err(Problem::new(Code::WrongType, format!("`{text}` is no time")).help("write one like `3s`, `500ms` or `2min`"))
}
