//! Temporary: replaced by the serde bridge.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::node::{Key, Node, Value};
use crate::diagnostic::{Code, Problem, Span};

/// A problem with its place.
#[derive(Debug, Clone)]
pub struct BridgeError {
    /// What.
    pub problem: Problem,
    /// Where.
    pub span: Option<Span>,
}

fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Scalar(s) if s.plain => serde_json::from_str(&s.text).unwrap_or_else(|_| s.text.to_string().into()),
        Value::Scalar(s) => s.text.to_string().into(),
        Value::List(l) => l.iter().map(json).collect(),
        Value::Map(m) => serde_json::Value::Object(m.iter().map(|(k, v)| (k.text.to_string(), json(v))).collect()),
    }
}

fn node(v: serde_json::Value) -> Node {
    match v {
        serde_json::Value::Null => Node::new(Value::Null),
        serde_json::Value::String(s) => Node::text(s),
        serde_json::Value::Array(a) => Node::new(Value::List(a.into_iter().map(node).collect())),
        serde_json::Value::Object(o) => {
            Node::new(Value::Map(o.into_iter().map(|(k, v)| (Key::from(k.as_str()), node(v))).collect()))
        }
        other => Node::plain(other.to_string()),
    }
}

/// From a node.
pub fn from_node<T: DeserializeOwned>(n: &Node) -> Result<T, BridgeError> {
    serde_json::from_value(json(n))
        .map_err(|e| BridgeError { problem: Problem::new(Code::WrongType, e.to_string()), span: n.span })
}

/// To a node.
pub fn to_node<T: Serialize>(value: &T) -> Node {
    node(serde_json::to_value(value).expect("specs serialise"))
}

/// The fields of a struct.
pub fn fields_of<T: DeserializeOwned>() -> &'static [&'static str] {
    &[]
}
