//! The nouns: no input or output, no async, no SQL.

pub mod node;
