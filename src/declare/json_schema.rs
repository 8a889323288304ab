//! Describes the format as JSON Schema (draft 2020-12), for editors, from the specs, homes and rules of the kinds.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::settings::Settings;
use crate::kind::{Entry, Form, Home, nested};

/// The dialect of the schemas.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Returns the schema of a project file.
pub fn project(register: &'static [Entry]) -> Value {
    let kinds: Map<String, Value> =
        register.iter().filter(|e| is_referred(e)).map(|e| (e.name.0.to_owned(), kind(e, register))).collect();
    json!({
        "$schema": DIALECT,
        "title": "A file of a dbstate project",
        "type": ["object", "null"],
        "properties": homes(register, None),
        "additionalProperties": false,
        "$defs": kinds,
    })
}

/// Returns the schema of `dbstate.yaml`.
pub fn settings() -> Value {
    let generator = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = Settings::json_schema(&mut generator.into_generator()).to_value();
    lenient(&mut schema);
    let Value::Object(fields) = schema else { return schema };
    let head = [("$schema", json!(DIALECT)), ("title", json!("The settings of a dbstate project"))];
    let mut out: Map<String, Value> = head.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    out.extend(fields.into_iter().filter(|(key, _)| !["title", "default"].contains(&key.as_str())));
    out.insert("type".to_owned(), json!(["object", "null"]));
    Value::Object(out)
}

fn is_referred(entry: &Entry) -> bool {
    entry.homes.iter().any(|home| home.form != Form::Free)
}

/// Returns the schemas of what may be below an object of `parent`, or at the top, by key.
fn homes(register: &'static [Entry], parent: Option<&Entry>) -> Map<String, Value> {
    let mut out = Map::new();
    for (entry, home) in nested(register, parent) {
        out.entry(home.key).or_insert_with(|| place(entry, home, parent));
    }
    out
}

/// Returns the schema of the value at the key of a home.
fn place(entry: &Entry, home: &Home, parent: Option<&Entry>) -> Value {
    let one = json!({ "$ref": format!("#/$defs/{}", entry.name.0) });
    // Editors show the description at the key, not that of the schema it refers to.
    let what = (entry.schema)().get("description").cloned().unwrap_or_default();
    match home.form {
        Form::One => json!({ "$ref": one["$ref"], "description": what }),
        Form::Map => json!({ "type": ["object", "null"], "additionalProperties": one, "description": what }),
        Form::List(_) => json!({ "anyOf": [text(), { "type": "null" }, { "type": "array", "items": one }] }),
        Form::Free => {
            let mut schema = (entry.free_schema)(home, parent);
            lenient(&mut schema);
            schema
        }
    }
}

/// Returns the schema of one object in any of its forms.
fn kind(entry: &Entry, register: &'static [Entry]) -> Value {
    let mut long = (entry.schema)();
    lenient(&mut long);
    let what = long.get("description").cloned();
    let short = entry.rules.short_field.and_then(|field| long.get("properties")?.get(field).cloned());
    let nothing_needed = long.get("required").is_none_or(|required| required == &json!([]));
    let long = long_form(entry, long, register);
    let item = entry.homes.iter().any(|home| matches!(home.form, Form::List(_)));
    let text = (item || (entry.reads_text)()).then(text);
    let mut forms: Vec<Value> = text.into_iter().chain(short).collect();
    if nothing_needed {
        forms.push(json!({ "type": "null" }));
    }
    let title = entry.name.to_string();
    if forms.is_empty() {
        return described(long, &title, what);
    }
    forms.push(long);
    described(json!({ "anyOf": forms }), &title, what)
}

fn described(schema: Value, title: &str, what: Option<Value>) -> Value {
    let Value::Object(fields) = schema else { return schema };
    let mut out = Map::new();
    out.insert("title".to_owned(), json!(title));
    out.extend(what.map(|what| ("description".to_owned(), what)));
    out.extend(fields.into_iter().filter(|(key, _)| !["title", "description"].contains(&key.as_str())));
    Value::Object(out)
}

/// Returns the schema of the long form: the fields of the spec, the common keys, and the children.
fn long_form(entry: &Entry, mut schema: Value, register: &'static [Entry]) -> Value {
    let Some(fields) = schema.as_object_mut() else { return schema };
    fields.remove("title");
    fields.remove("description");
    fields.insert("type".to_owned(), json!("object"));
    fields.insert("additionalProperties".to_owned(), json!(false));
    let mut required: Vec<Value> = fields.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut properties = Map::new();
    let name = entry.homes.iter().find_map(|home| if let Form::List(field) = home.form { Some(field) } else { None });
    if let Some(name) = name {
        let mut value = text();
        value["description"] = json!("Its name.");
        properties.insert(name.to_owned(), value);
        required.insert(0, json!(name));
    }
    properties.insert("was".to_owned(), json!({ "type": "string", "description": "The name it had before." }));
    properties.insert(
        "protect".to_owned(),
        json!({ "type": "boolean", "description": "A plan that would drop it is refused." }),
    );
    if let Some(Value::Object(own)) = fields.remove("properties") {
        properties.extend(own.into_iter().filter(|(key, _)| !key.starts_with("live_")));
    }
    if let Some(field) = entry.rules.file {
        let file = json!({ "type": "string", "description": format!("The file that holds `{field}`.") });
        properties.insert("file".to_owned(), file);
        let one_of_both = if required.contains(&json!(field)) {
            ("oneOf", json!([{ "required": [field] }, { "required": ["file"] }]))
        } else {
            ("not", json!({ "required": [field, "file"] }))
        };
        required.retain(|key| key != field);
        fields.insert(one_of_both.0.to_owned(), one_of_both.1);
    }
    for (key, value) in homes(register, Some(entry)) {
        properties.insert(key, value);
    }
    required.retain(|key| key.as_str().is_some_and(|key| properties.contains_key(key)));
    fields.insert("properties".to_owned(), Value::Object(properties));
    fields.remove("required");
    if !required.is_empty() {
        fields.insert("required".to_owned(), Value::Array(required));
    }
    schema
}

/// Returns the schema of text in YAML: `default: 0` stands for the text `0`.
fn text() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}

/// Accepts numbers and booleans where text is expected, and removes formats that editors do not know.
fn lenient(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.remove("format");
            let of_words = ["enum", "const", "pattern", "examples"].iter().any(|key| fields.contains_key(*key));
            match fields.get_mut("type") {
                Some(Value::String(name)) if name == "string" && !of_words => {
                    fields.insert("type".to_owned(), json!(["string", "number", "boolean"]));
                }
                Some(Value::Array(names)) if names.contains(&json!("string")) && !of_words => {
                    names.extend([json!("number"), json!("boolean")]);
                    names.dedup();
                }
                _ => {}
            }
            fields.values_mut().for_each(lenient);
        }
        Value::Array(items) => items.iter_mut().for_each(lenient),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
