//! A YAML value with the place it came from: what files are parsed into and what `pull` prints.
//!
//! Scalars keep their text and style: what a scalar means (a number, a boolean, SQL) is decided by who reads it.

use crate::diagnostic::Span;

/// A value and its place; values that were made, not parsed, have no place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub span: Option<Span>,
}

/// The three shapes of YAML, and nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, `~` or no text at all.
    Null,
    /// A piece of text.
    Scalar(Scalar),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file; keys are unique.
    Map(Vec<(Key, Node)>),
}

/// A scalar's text after unquoting and unfolding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text.
    pub text: Box<str>,
    /// True for a scalar without quotes, which may be read as a number or a boolean.
    pub plain: bool,
}

/// A mapping's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The text.
    pub text: Box<str>,
    /// Where it stands.
    pub span: Option<Span>,
}

impl Node {
    /// Returns a node without a place.
    pub fn new(value: Value) -> Self {
        Self { value, span: None }
    }

    /// Returns a text scalar without a place. It is written in quotes wherever YAML would read it as something else.
    pub fn text(text: impl Into<Box<str>>) -> Self {
        Self::new(Value::Scalar(Scalar { text: text.into(), plain: false }))
    }

    /// Returns a plain scalar without a place: a number or a boolean.
    pub fn plain(text: impl Into<Box<str>>) -> Self {
        Self::new(Value::Scalar(Scalar { text: text.into(), plain: true }))
    }

    /// Returns the entries, if this is a mapping.
    pub fn as_map(&self) -> Option<&[(Key, Node)]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            Value::Null | Value::Scalar(_) | Value::List(_) => None,
        }
    }

    /// Returns the text, if this is a scalar.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(s) => Some(&s.text),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// Returns the value of a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.iter().find(|(k, _)| &*k.text == key).map(|(_, v)| v)
    }

    /// Returns what the value is, for messages: `a list`, `a map`, `text`, `nothing`.
    pub fn noun(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Scalar(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self { text: text.into(), span: None }
    }
}
