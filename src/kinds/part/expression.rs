//! SQL text that PostgreSQL stores in a spelling of its own: expressions, queries.
//!
//! Two texts are equal when they fold to the same tokens. Texts that differ here may still mean the same to PostgreSQL;
//! that is settled by PostgreSQL, in a scratch database.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sql;

/// A piece of SQL.
#[derive(Clone, Eq)]
pub struct Sql(Box<str>);

impl Sql {
    /// That text, without the blanks and the semicolon around it.
    pub fn new(text: &str) -> Self {
        Self(text.trim().trim_end_matches(';').trim_end().into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tokens without the outer brackets: what is compared.
    fn folded(&self) -> String {
        let mut text = &*self.0;
        while let Some(inner) = unwrap_brackets(text) {
            text = inner;
        }
        sql::fold(text)
    }
}

/// What stands between the brackets, when one pair encloses the whole text.
fn unwrap_brackets(text: &str) -> Option<&str> {
    let tokens = sql::tokens(text);
    let (first, last) = (tokens.first()?, tokens.last()?);
    if !first.is("(") || !last.is(")") {
        return None;
    }
    let mut depth = 0;
    for (i, token) in tokens.iter().enumerate() {
        depth += i32::from(token.is("(")) - i32::from(token.is(")"));
        if depth == 0 && i + 1 < tokens.len() {
            return None;
        }
    }
    Some(&text[first.end()..last.start])
}

impl PartialEq for Sql {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.folded() == other.folded()
    }
}

impl fmt::Debug for Sql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Sql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Sql {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Sql {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::new(&String::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_and_outer_brackets_do_not_matter() {
        for (a, b) in [("(a = b)", "a=b"), ("((a) = (b))", "(a) = (b)"), ("NOW()", "now();")] {
            assert_eq!(Sql::new(a), Sql::new(b));
        }
        for (a, b) in [("(a) = (b)", "a) = (b"), ("'A'", "'a'"), ("a", "b")] {
            assert_ne!(Sql::new(a), Sql::new(b));
        }
    }
}
