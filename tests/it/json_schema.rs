//! The JSON Schema of the format: what dbstate reads it takes, and what has a wrong shape it refuses.

use std::fs;
use std::path::{Path, PathBuf};

use dbstate::declare::{json_schema, yaml};
use dbstate::diagnostic::{Diagnostics, Sources};
use dbstate::kinds::register;
use dbstate::model::node::{Node, Value};
use jsonschema::Validator;
use serde_json::{Map, Value as Json};

use crate::support::binary::dbstate;

fn validator(schema: &Json) -> Validator {
    jsonschema::draft202012::meta::validate(schema).expect("the schema is one");
    jsonschema::validator_for(schema).expect("the schema can be used")
}

/// The file as editors see it, if it is YAML.
fn json(path: &Path) -> Option<Json> {
    let bytes = fs::read(path).ok()?;
    let text = yaml::read_utf8(&bytes).ok()?;
    let mut problems = Diagnostics::default();
    let file = Sources::default().add("a.yaml", text);
    let node = yaml::parse(file, text, &mut problems).filter(|_| problems.is_empty())?;
    Some(of(&node))
}

fn of(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Scalar(s) if s.plain => match &*s.text {
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            text => text.parse::<serde_json::Number>().map_or_else(|_| Json::from(text), Json::Number),
        },
        Value::Scalar(s) => Json::from(&*s.text),
        Value::List(items) => items.iter().map(of).collect(),
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|(k, v)| (k.text.to_string(), of(v))).collect::<Map<_, _>>())
        }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn yaml_files(dir: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(dir).expect("a directory").flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            yaml_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "yaml") && path.file_name().is_some_and(|n| n != "case.yaml") {
            out.push(path);
        }
    }
}

#[test]
fn what_dbstate_reads_is_valid() {
    let (project, settings) = (validator(&json_schema::project(register())), validator(&json_schema::settings()));
    let mut files = vec![root().join("schema.yaml"), root().join("roles.yaml")];
    for dir in ["tests/cases", "tests/every_kind", "examples"] {
        yaml_files(&root().join(dir), &mut files);
    }
    let mut wrong = Vec::new();
    for path in &files {
        let Some(value) = json(path) else { continue };
        let schema = if path.ends_with("dbstate.yaml") { &settings } else { &project };
        for error in schema.iter_errors(&value).take(3) {
            wrong.push(format!("{}: {} at {}", path.display(), error, error.instance_path()));
        }
    }
    assert!(files.len() > 150 && wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is of the right shape, and wrong all the same: a column may lack its type where its table is a partition.
const BEYOND: [&str; 1] = ["type_null_column"];

#[test]
fn what_has_a_wrong_shape_is_invalid() {
    let (project, settings) = (validator(&json_schema::project(register())), validator(&json_schema::settings()));
    let mut passed = Vec::new();
    for case in fs::read_dir(root().join("tests/bad")).expect("a directory").flatten() {
        let name = case.file_name().to_string_lossy().into_owned();
        let about_shape = ["key_", "type_", "settings_unknown_key", "settings_wrong_type", "settings_manage"];
        if !about_shape.iter().any(|prefix| name.starts_with(prefix)) || BEYOND.contains(&name.as_str()) {
            continue;
        }
        let mut files = Vec::new();
        yaml_files(&case.path(), &mut files);
        let refused = |path: &PathBuf| {
            let schema = if path.ends_with("dbstate.yaml") { &settings } else { &project };
            json(path).is_none_or(|value| !schema.is_valid(&value))
        };
        if !files.iter().any(refused) {
            passed.push(name);
        }
    }
    assert!(passed.is_empty(), "{}", passed.join("\n"));
}

#[test]
fn every_key_says_what_it_is() {
    let schema = json_schema::project(register());
    let mut silent = Vec::new();
    for (kind, schema) in schema["$defs"].as_object().expect("kinds") {
        let long = schema["anyOf"].as_array().and_then(|forms| forms.last()).unwrap_or(schema);
        if schema.get("description").is_none() {
            silent.push(kind.clone());
        }
        for (key, value) in long["properties"].as_object().expect("keys") {
            let is_home = value.get("$ref").is_some()
                || value.get("additionalProperties").is_some()
                || value.get("anyOf").is_some();
            if value.get("description").is_none() && !is_home {
                silent.push(format!("{kind}.{key}"));
            }
        }
    }
    assert!(silent.is_empty(), "without a description: {}", silent.join(", "));
}

#[test]
fn the_command_prints_it() {
    for (args, title) in [(&["schema"][..], "A file of"), (&["schema", "--settings"], "The settings of")] {
        let output = dbstate(args, &root());
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
        let schema: Json = serde_json::from_str(&output.stdout).expect("JSON");
        assert!(schema["title"].as_str().is_some_and(|t| t.starts_with(title)), "{}", schema["title"]);
    }
}
