//! A kind's own type behind one that phases can hold, and back.

use std::sync::Arc;

use schemars::generate::SchemaSettings;

use super::{Kind, ReadResult};
use crate::model::Spec;
use crate::model::bridge::{self, BridgeError};
use crate::model::node::{Key, Node, Value};

/// The kind's own type.
pub fn of<K: Kind>(spec: &dyn Spec) -> &K {
    spec.as_any().downcast_ref().expect("an address's kind is its spec's kind")
}

/// Facets of one kind, each with its key.
pub fn erase<K: Kind>(list: Vec<(String, K)>) -> Vec<(String, Arc<dyn Spec>)> {
    list.into_iter().map(|(key, spec)| (key, Arc::new(spec) as Arc<dyn Spec>)).collect()
}

/// The JSON Schema of the long form.
pub fn schema<K: Kind>() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    K::json_schema(&mut settings.into_generator()).to_value()
}

/// Reads any form but a free one.
pub fn read<K: Kind>(node: &Node) -> ReadResult {
    if let Some(result) = node.as_text().and_then(K::short) {
        let spec = result.map_err(|problem| BridgeError { problem, span: node.span })?;
        return Ok(Arc::new(spec));
    }
    let spec: K = match (K::RULES.short_field, &node.value) {
        (Some(field), Value::Scalar(_) | Value::List(_)) => {
            let key = Key { text: field.into(), span: node.span };
            bridge::from_node(&Node { value: Value::Map(vec![(key, node.clone())]), span: node.span })?
        }
        (_, Value::Null) => bridge::from_node(&Node { value: Value::Map(Vec::new()), span: node.span })?,
        _ => bridge::from_node(node)?,
    };
    Ok(Arc::new(spec))
}

/// The shortest form that says all.
pub fn write<K: Kind>(spec: &dyn Spec) -> Node {
    let spec = of::<K>(spec);
    if let Some(text) = spec.shorten() {
        return Node::text(text);
    }
    let long = bridge::to_node(spec);
    match (K::RULES.short_field, long.as_map()) {
        (Some(field), Some([(key, value)])) if &*key.text == field && value.as_map().is_none() => value.clone(),
        _ => long,
    }
}

/// What was written, with the fields that PostgreSQL spells as the live object has them taken from that.
pub fn respelled<K: Kind>(written: &dyn Spec, stored: &dyn Spec, live: &dyn Spec) -> Arc<dyn Spec> {
    let [written, stored, live] = [written, stored, live].map(|spec| of::<K>(spec));
    let [say, is, was] = [written, stored, live].map(bridge::to_node);
    let entries = |node: &Node| node.as_map().unwrap_or_default().to_vec();
    let mut fields: Vec<_> = entries(&is).into_iter().filter(|(k, v)| was.get(&k.text) == Some(v)).collect();
    let same = |key: &str| is.get(key) == was.get(key);
    fields.extend(entries(&say).into_iter().filter(|(k, _)| !same(&k.text)));
    let mut mixed = bridge::from_node::<K>(&Node::new(Value::Map(fields))).unwrap_or_else(|_| stored.clone());
    mixed.carry(stored);
    Arc::new(mixed)
}
