//! `serde::Serializer` that makes nodes.

use serde::ser::{
    Error, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::BridgeError;
use crate::diagnostic::{Code, Problem};
use crate::model::node::{Key, Node, Value};

type Result<T> = std::result::Result<T, BridgeError>;

/// Serializes a value as a node.
pub(super) struct Writer;

impl Error for BridgeError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Problem::new(Code::Internal, message.to_string()).into()
    }
}

/// A list being written; `variant` is the enum variant whose value it is, if any.
pub(super) struct List {
    items: Vec<Node>,
    variant: Option<&'static str>,
}

/// A map being written.
pub(super) struct Map {
    entries: Vec<(Key, Node)>,
    key: Option<Key>,
    variant: Option<&'static str>,
}

/// Returns `value` as a node; for an enum variant, as the only entry of a map.
fn tagged(variant: Option<&'static str>, value: Value) -> Node {
    match variant {
        Some(name) => Node::new(Value::Map(vec![(name.into(), Node::new(value))])),
        None => Node::new(value),
    }
}

fn list(length: Option<usize>, variant: Option<&'static str>) -> List {
    List { items: Vec::with_capacity(length.unwrap_or(0).min(1024)), variant }
}

fn map(length: Option<usize>, variant: Option<&'static str>) -> Map {
    Map { entries: Vec::with_capacity(length.unwrap_or(0).min(1024)), key: None, variant }
}

macro_rules! plain {
    ($($method:ident $type:ty),* $(,)?) => {$(
        fn $method(self, value: $type) -> Result<Node> {
            Ok(Node::plain(value.to_string()))
        }
    )*};
}

/// Writes a number as YAML does, so that it reads as a float again.
fn float(value: f64, shown: String) -> Node {
    Node::plain(match value {
        f if f.is_nan() => ".nan".into(),
        f64::INFINITY => ".inf".into(),
        f64::NEG_INFINITY => "-.inf".into(),
        _ => shown,
    })
}

impl Serializer for Writer {
    type Ok = Node;
    type Error = BridgeError;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = List;
    type SerializeMap = Map;
    type SerializeStruct = Map;
    type SerializeStructVariant = Map;

    plain! {
        serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_i128 i128, serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64,
        serialize_u128 u128,
    }

    fn serialize_f32(self, value: f32) -> Result<Node> {
        Ok(float(f64::from(value), format!("{value:?}")))
    }

    fn serialize_f64(self, value: f64) -> Result<Node> {
        Ok(float(value, format!("{value:?}")))
    }

    fn serialize_char(self, value: char) -> Result<Node> {
        Ok(Node::text(value.to_string()))
    }

    fn serialize_str(self, value: &str) -> Result<Node> {
        Ok(Node::text(value))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Node> {
        Ok(Node::new(Value::List(value.iter().map(|b| Node::plain(b.to_string())).collect())))
    }

    fn serialize_none(self) -> Result<Node> {
        Ok(Node::new(Value::Null))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Node> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Node> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Node> {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Node> {
        Ok(Node::text(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Node> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Node> {
        Ok(Node::new(Value::Map(vec![(variant.into(), value.serialize(self)?)])))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<List> {
        Ok(list(length, None))
    }

    fn serialize_tuple(self, length: usize) -> Result<List> {
        Ok(list(Some(length), None))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<List> {
        Ok(list(Some(length), None))
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, name: &'static str, length: usize) -> Result<List> {
        Ok(list(Some(length), Some(name)))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Map> {
        Ok(map(length, None))
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Map> {
        Ok(map(Some(length), None))
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, name: &'static str, length: usize) -> Result<Map> {
        Ok(map(Some(length), Some(name)))
    }
}

impl List {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.items.push(value.serialize(Writer)?);
        Ok(())
    }

    fn node(self) -> Node {
        tagged(self.variant, Value::List(self.items))
    }
}

/// The traits under which serde writes a list.
macro_rules! lists {
    ($($trait:ident $method:ident),* $(,)?) => {$(
        impl $trait for List {
            type Ok = Node;
            type Error = BridgeError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.push(value)
            }

            fn end(self) -> Result<Node> {
                Ok(self.node())
            }
        }
    )*};
}

lists! {
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field,
}

impl SerializeMap for Map {
    type Ok = Node;
    type Error = BridgeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        let node = key.serialize(Writer)?;
        let text = node.as_text().ok_or_else(|| BridgeError::from(no_text(&node)))?;
        self.key = Some(text.into());
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let key = self.key.take().expect("serde gives a key before its value");
        self.entries.push((key, value.serialize(Writer)?));
        Ok(())
    }

    fn end(self) -> Result<Node> {
        Ok(tagged(self.variant, Value::Map(self.entries)))
    }
}

fn no_text(node: &Node) -> Problem {
    Problem::new(Code::Internal, format!("a key must be text, found {}", node.noun()))
}

impl SerializeStruct for Map {
    type Ok = Node;
    type Error = BridgeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
        self.entries.push((name.into(), value.serialize(Writer)?));
        Ok(())
    }

    fn end(self) -> Result<Node> {
        Ok(tagged(self.variant, Value::Map(self.entries)))
    }
}

impl SerializeStructVariant for Map {
    type Ok = Node;
    type Error = BridgeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
        SerializeStruct::serialize_field(self, name, value)
    }

    fn end(self) -> Result<Node> {
        SerializeStruct::end(self)
    }
}
