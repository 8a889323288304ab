//! A dotted name as typed in SQL, in the spelling that the catalog queries use.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::refused;
use crate::diagnostic::{Code, Problem};
use crate::kind::{References, Renaming, Slot};
use crate::sql;

/// `shop.total`, quoted where needed; without a schema it is PostgreSQL's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QualifiedName(Box<str>);

impl QualifiedName {
    /// Parses a name as typed in psql.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let parts = sql::split_name(text).filter(|p| p.len() <= 2).ok_or_else(|| {
            Problem::new(Code::WrongType, format!("`{text}` is no name"))
                .help("write a schema and a name: `shop.total`, quoted where SQL wants it")
        })?;
        let own = |part: &&str| parts.len() == 2 && *part == "pg_catalog";
        Ok(Self(sql::dotted(parts.iter().map(String::as_str).skip_while(own)).into()))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Updates the name after a rename of something in `slot`.
    pub fn follow(&mut self, slot: Slot, renaming: Renaming<'_>) {
        if let Some(name) = renaming.name(slot, &self.0) {
            self.0 = name.into();
        }
    }

    /// Adds a reference to what it names.
    pub fn reference(&self, slot: Slot, out: &mut References, field: &'static str) {
        out.name(slot, &self.0, field);
    }
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for QualifiedName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for QualifiedName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(refused)
    }
}

crate::kinds::part::text_schema!(QualifiedName, "A name, with its schema where it has one.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_a_name_are_one() {
        for (written, printed) in
            [("Shop.Total", "shop.total"), ("pg_catalog.int4", "int4"), ("\"A\".b", "\"A\".b"), ("x", "x")]
        {
            assert_eq!(QualifiedName::parse(written).unwrap().as_str(), printed);
        }
        assert!(QualifiedName::parse("a b").is_err());
    }
}
