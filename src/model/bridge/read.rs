//! `serde::Deserializer` for nodes.

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::BridgeError;
use super::error::with_choices;
use super::scalar::{describe, float, integer, wrong_scalar, wrong_type};
use crate::diagnostic::{Code, Problem, Span};
use crate::model::node::{Key, Node, Scalar, Value};

type Result<T> = std::result::Result<T, BridgeError>;

/// Reads a node.
pub(super) struct Reader<'de>(pub(super) &'de Node);

impl<'de> Reader<'de> {
    fn text(&self, expected: &str) -> Result<&'de str> {
        self.0.as_text().ok_or_else(|| self.wrong(expected))
    }

    fn scalar(&self, expected: &str) -> Result<&'de Scalar> {
        match &self.0.value {
            Value::Scalar(scalar) => Ok(scalar),
            Value::Null | Value::List(_) | Value::Map(_) => Err(self.wrong(expected)),
        }
    }

    fn list(&self) -> Result<&'de [Node]> {
        match &self.0.value {
            Value::List(items) => Ok(items),
            Value::Null | Value::Scalar(_) | Value::Map(_) => Err(self.wrong("a list")),
        }
    }

    fn wrong(&self, expected: &str) -> BridgeError {
        BridgeError { problem: wrong_type(expected, self.0), span: self.0.span }
    }

    fn wrong_scalar(&self, expected: &str, scalar: &Scalar) -> BridgeError {
        BridgeError { problem: wrong_scalar(expected, self.0, scalar), span: self.0.span }
    }

    /// Reads a whole number that `T` can hold.
    fn integer<T: TryFrom<i128>>(&self, least: i128, most: i128) -> Result<T> {
        const EXPECTED: &str = "a whole number";
        let scalar = self.scalar(EXPECTED)?;
        let number = integer(&scalar.text).filter(|_| scalar.plain);
        let number = number.ok_or_else(|| self.wrong_scalar(EXPECTED, scalar))?;
        T::try_from(number).map_err(|_| {
            let message = format!("number `{number}` is out of range");
            let problem = Problem::new(Code::WrongType, message).help(format!("from {least} to {most}"));
            BridgeError { problem, span: self.0.span }
        })
    }

    fn at<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|e| e.or_at(self.0.span))
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty),* $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            // Numbers beyond `i128` are not supported, even for `u128`.
            let most = i128::try_from(<$type>::MAX).unwrap_or(i128::MAX);
            let least = i128::try_from(<$type>::MIN).unwrap_or(i128::MIN);
            let number = self.integer::<$type>(least, most)?;
            self.at(visitor.$visit(number))
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = BridgeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match &self.0.value {
            Value::Null => self.at(visitor.visit_unit()),
            Value::Scalar(scalar) => self.at(visitor.visit_borrowed_str(&scalar.text)),
            Value::List(_) => self.deserialize_seq(visitor),
            Value::Map(_) => self.deserialize_map(visitor),
        }
    }

    integers! {
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_i128 visit_i128 i128, deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64,
        deserialize_u128 visit_u128 u128,
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        const EXPECTED: &str = "`true` or `false`";
        let scalar = self.scalar(EXPECTED)?;
        match &*scalar.text {
            "true" if scalar.plain => self.at(visitor.visit_bool(true)),
            "false" if scalar.plain => self.at(visitor.visit_bool(false)),
            _ => Err(self.wrong_scalar(EXPECTED, scalar)),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        const EXPECTED: &str = "a number";
        let scalar = self.scalar(EXPECTED)?;
        let number = float(&scalar.text).filter(|_| scalar.plain);
        let number = number.ok_or_else(|| self.wrong_scalar(EXPECTED, scalar))?;
        self.at(visitor.visit_f64(number))
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let text = self.text("one character")?;
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => self.at(visitor.visit_char(c)),
            _ => Err(self.wrong("one character")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let text = self.text("text")?;
        self.at(visitor.visit_borrowed_str(text))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0.value {
            Value::Null => self.at(visitor.visit_none()),
            Value::Scalar(_) | Value::List(_) | Value::Map(_) => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0.value {
            Value::Null => self.at(visitor.visit_unit()),
            Value::Scalar(_) | Value::List(_) | Value::Map(_) => Err(self.wrong("nothing")),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        let span = self.0.span;
        visitor.visit_newtype_struct(self).map_err(|e| e.or_at(span))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let items = self.list()?;
        self.at(visitor.visit_seq(Items(items.iter())))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value> {
        let items = self.list()?;
        if items.len() != length {
            let message = format!("expected a list of {length}, found {}", items.len());
            return Err(BridgeError { problem: Problem::new(Code::WrongType, message), span: self.0.span });
        }
        self.at(visitor.visit_seq(Items(items.iter())))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, length: usize, v: V) -> Result<V::Value> {
        self.deserialize_tuple(length, v)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let entries = self.0.as_map().ok_or_else(|| self.wrong("a map"))?;
        let mut entries = Entries { rest: entries.iter(), value: None, key: None };
        let result = visitor.visit_map(&mut entries);
        // A hand-written `Deserialize` may find a key unknown only after it took the value.
        self.at(result.map_err(|e| if e.problem.code == Code::UnknownKey { e.or_at(entries.key) } else { e }))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let variant = match &self.0.value {
            Value::Scalar(scalar) => Variant { name: &scalar.text, span: self.0.span, value: None },
            Value::Map(entries) if entries.len() == 1 => {
                let (key, value) = &entries[0];
                Variant { name: &key.text, span: key.span, value: Some(value) }
            }
            Value::Map(_) => {
                let message = format!("expected a map with one key, found {}", entry_count(self.0));
                return Err(
                    with_choices(Problem::new(Code::WrongType, message), "", variants, "one of").or_at(self.0.span)
                );
            }
            Value::Null | Value::List(_) => {
                let message = format!("expected text or a map, found {}", describe(self.0));
                return Err(
                    with_choices(Problem::new(Code::WrongType, message), "", variants, "one of").or_at(self.0.span)
                );
            }
        };
        self.at(visitor.visit_enum(variant))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}

impl<'de> IntoDeserializer<'de, BridgeError> for Reader<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

fn entry_count(node: &Node) -> String {
    match node.as_map().map_or(0, <[_]>::len) {
        0 => "none".into(),
        n => n.to_string(),
    }
}

/// The remaining items of a list.
struct Items<'de>(std::slice::Iter<'de, Node>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = BridgeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let Some(node) = self.0.next() else { return Ok(None) };
        seed.deserialize(Reader(node)).map(Some).map_err(|e| e.or_at(node.span))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The remaining entries of a map, and the value whose key was just read.
struct Entries<'de> {
    rest: std::slice::Iter<'de, (Key, Node)>,
    value: Option<&'de Node>,
    key: Option<Span>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = BridgeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        self.key = key.span;
        seed.deserialize(KeyReader(key)).map(Some).map_err(|e| e.or_at(key.span))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        let node = self.value.take().expect("serde asks for a value after its key");
        seed.deserialize(Reader(node)).map_err(|e| e.or_at(node.span))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// Reads a key: text, or a whole number for maps with such keys.
struct KeyReader<'de>(&'de Key);

impl<'de> KeyReader<'de> {
    fn number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let node = Node { value: Value::Scalar(Scalar { text: self.0.text.clone(), plain: true }), span: self.0.span };
        let number = integer(&self.0.text).ok_or_else(|| wrong_type("a whole number", &node))?;
        match i64::try_from(number) {
            Ok(number) => visitor.visit_i64(number),
            Err(_) => visitor.visit_i128(number),
        }
    }
}

macro_rules! number_keys {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.number(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for KeyReader<'de> {
    type Error = BridgeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_borrowed_str(&self.0.text)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let text: StrDeserializer<'_, BridgeError> = (&*self.0.text).into_deserializer();
        text.deserialize_enum(name, variants, visitor)
    }

    number_keys! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    forward_to_deserialize_any! {
        bool f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

/// A variant of an enum: a scalar, or the only entry of a map.
struct Variant<'de> {
    name: &'de str,
    span: Option<Span>,
    value: Option<&'de Node>,
}

impl<'de> Variant<'de> {
    fn value(&self) -> Result<Reader<'de>> {
        let missing = || {
            let message = format!("`{}` needs a value", self.name);
            let problem = Problem::new(Code::WrongType, message).help(format!("write `{}: …`", self.name));
            BridgeError { problem, span: self.span }
        };
        self.value.map(Reader).ok_or_else(missing)
    }
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = BridgeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self)> {
        let name = seed.deserialize(BorrowedStrDeserializer::<BridgeError>::new(self.name));
        name.map(|name| (name, Self { ..self })).map_err(|e| e.or_at(self.span))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = BridgeError;

    fn unit_variant(self) -> Result<()> {
        match self.value {
            None => Ok(()),
            Some(node) if node.value == Value::Null => Ok(()),
            Some(node) => {
                let message = format!("`{}` takes no value, found {}", self.name, describe(node));
                Err(BridgeError { problem: Problem::new(Code::WrongType, message), span: node.span })
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        let reader = self.value()?;
        let span = reader.0.span;
        seed.deserialize(reader).map_err(|e| e.or_at(span))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value> {
        self.value()?.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value> {
        self.value()?.deserialize_map(visitor)
    }
}
