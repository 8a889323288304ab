//! Clauses that PostgreSQL prints in capitals: `FOR VALUES FROM (1) TO (10)`, `RANGE (created_at)`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::kind::Renaming;
use crate::kinds::part::Sql;
use crate::sql::{self, TokenClass};

/// A clause, its words in lower case; a `for` in front of it is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Words(Sql);

impl Words {
    /// Reads a clause: its words become lower case, and a leading `for` is removed.
    pub fn new(text: &str) -> Self {
        let tokens = sql::tokens(text);
        let first = usize::from(tokens.first().is_some_and(|t| t.is_word("for")));
        let mut out = String::new();
        let mut copied = tokens.get(first).map_or(text.len(), |t| t.start);
        for token in tokens.iter().skip(first).filter(|t| t.class == TokenClass::Word) {
            out += &text[copied..token.start];
            out += &token.text.to_lowercase();
            copied = token.end();
        }
        Self(Sql::new(&(out + &text[copied..])))
    }

    /// Follows a rename.
    pub fn follow(&mut self, renaming: Renaming<'_>) {
        self.0.follow(renaming);
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::new(&String::deserialize(deserializer)?))
    }
}

crate::kinds::part::text_schema!(Words, "Words of SQL.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_postgresql_prints_is_what_people_type() {
        for (printed, typed) in [
            ("FOR VALUES FROM ('A') TO (MAXVALUE)", "values from ('A') to (maxvalue)"),
            ("DEFAULT", "default"),
            ("RANGE (lower(\"Name\") COLLATE \"C\", id)", "range (lower(\"Name\") collate \"C\", id)"),
        ] {
            assert_eq!(Words::new(printed).as_str(), typed);
        }
    }
}
