//! The name of a data type, in the spelling that `format_type` prints.
//!
//! PostgreSQL has several names for some types (`int8` is `bigint`, `varchar` is `character varying`) but prints only
//! one; the others are converted to it. See <https://www.postgresql.org/docs/current/datatype.html>, table 8.1.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::refused;
use crate::diagnostic::{Code, Problem};
use crate::kind::{References, Renaming, TYPE};
use crate::sql::{self, Token, TokenClass, types};

/// A type as `format_type(oid, typmod)` prints it with an empty `search_path`: `character varying(255)[]`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeName(Box<str>);

impl TypeName {
    /// Parses a type as typed in psql: aliases, white space and case do not matter.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let tokens = sql::tokens(text);
        let mut reader = Reader { tokens: &tokens, at: 0, text };
        let name = reader.type_name()?;
        match reader.peek() {
            None => Ok(name),
            Some(extra) => Err(Problem::new(Code::Sql, format!("`{}` does not belong to a data type", extra.text))
                .help("write one type, as in `create table`: `numeric(12,2)`, `text[]`, `shop.status`")
                .within(extra.start, extra.end())),
        }
    }

    /// Parses a type at the start of `tokens`, and returns how many tokens it took.
    pub fn parse_front(tokens: &[Token<'_>], text: &str) -> Result<(Self, usize), Problem> {
        let mut reader = Reader { tokens, at: 0, text };
        Ok((reader.type_name()?, reader.at))
    }

    /// Returns the absence of a type, which means that of the parent table's column.
    pub fn absent() -> Self {
        Self("".into())
    }

    /// Returns whether no type was given.
    pub fn is_absent(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the type without length, precision and the like, as in a routine's identity.
    #[must_use]
    pub fn without_modifier(&self) -> Self {
        let (Some(open), Some(close)) = (self.0.find('('), self.0.find(')')) else { return self.clone() };
        if self.0.starts_with('"') || self.0[..open].contains('"') {
            return self.clone();
        }
        Self(format!("{}{}", &self.0[..open], &self.0[close + 1..]).into())
    }

    /// Returns the element type of an array, or the type itself.
    pub fn base(&self) -> &str {
        self.0.trim_end_matches("[]")
    }

    /// Returns the element type of an array, `None` for other types.
    pub fn element(&self) -> Option<Self> {
        self.0.strip_suffix("[]").map(|e| Self(e.into()))
    }

    /// Returns the type of its arrays.
    #[must_use]
    pub fn array(&self) -> Self {
        Self(format!("{}[]", self.base()).into())
    }

    /// Updates the name after a rename.
    pub fn follow(&mut self, renaming: Renaming<'_>) {
        let name = self.name();
        if let Some(new) = renaming.name(TYPE, name) {
            self.0 = (new + &self.0[name.len()..]).into();
        }
    }

    /// Returns only the name, without modifier and brackets.
    fn name(&self) -> &str {
        let base = self.base();
        if base.contains('"') { base } else { base.split('(').next().unwrap_or(base) }
    }

    /// Adds a reference to the type, unless it is PostgreSQL's own.
    pub fn reference(&self, out: &mut References, field: &'static str) {
        let name = self.name();
        let bare = name.strip_prefix("SETOF ").unwrap_or(name);
        let is_word = || matches!(sql::split_name(bare).as_deref(), Some([word]) if !types::is_own(word));
        if name.contains('.') {
            out.name(TYPE, name, field);
        } else if !types::is_own(bare) && is_word() {
            out.name(TYPE, bare, field);
        }
    }
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    text: &'a str,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let hit = self.peek().is_some_and(|t| t.is_word(word));
        self.at += usize::from(hit);
        hit
    }

    fn eat(&mut self, punct: &str) -> bool {
        let hit = self.peek().is_some_and(|t| t.is(punct));
        self.at += usize::from(hit);
        hit
    }

    fn type_name(&mut self) -> Result<TypeName, Problem> {
        let setof = self.eat_word("setof");
        let base = self.base()?;
        let array = self.array()?;
        Ok(TypeName(format!("{}{base}{array}", if setof { "SETOF " } else { "" }).into()))
    }

    fn base(&mut self) -> Result<String, Problem> {
        let Some(first) = self.peek() else {
            return Err(Problem::new(Code::Sql, "a data type is missing").help("write a type, such as `bigint`"));
        };
        let Some(mut name) = first.name() else {
            let message = format!("`{}` can't begin a data type", first.text);
            return Err(Problem::new(Code::Sql, message).within(first.start, first.end()));
        };
        self.at += 1;
        let quoted = first.class == TokenClass::Quoted;
        if self.peek().is_some_and(|t| t.is(".")) {
            let mut parts = vec![name];
            while self.eat(".") {
                let part = self.peek().and_then(|t| t.name()).ok_or_else(|| self.broken())?;
                self.at += 1;
                parts.push(part);
            }
            if parts.len() != 2 || parts[0] != "pg_catalog" {
                return Ok(sql::dotted(parts.iter().map(String::as_str)) + &self.modifier(None)?);
            }
            name = parts.pop().expect("two parts were counted");
        } else if quoted {
            return Ok(sql::ident(&name) + &self.modifier(None)?);
        }
        self.builtin(&name)
    }

    /// Returns the spelling of one of PostgreSQL's own types. Any other word is returned as it is.
    fn builtin(&mut self, name: &str) -> Result<String, Problem> {
        Ok(match name {
            "int" | "int4" => "integer".to_owned(),
            "int8" => "bigint".to_owned(),
            "int2" => "smallint".to_owned(),
            "bool" => "boolean".to_owned(),
            "float4" => "real".to_owned(),
            "float8" => "double precision".to_owned(),
            "double" if self.eat_word("precision") => "double precision".to_owned(),
            "float" => self.float()?,
            "decimal" | "dec" | "numeric" => self.numeric()?,
            "varchar" => format!("character varying{}", self.modifier(None)?),
            "bpchar" => match self.modifier(None)? {
                m if m.is_empty() => "bpchar".to_owned(),
                m => format!("character{m}"),
            },
            "character" | "char" | "nchar" => self.character()?,
            "national" => {
                let _ = self.eat_word("character") || self.eat_word("char");
                self.character()?
            }
            "bit" if self.eat_word("varying") => format!("bit varying{}", self.modifier(None)?),
            "bit" => format!("bit{}", self.modifier(Some("(1)"))?),
            "varbit" => format!("bit varying{}", self.modifier(None)?),
            "time" | "timestamp" => self.time(name)?,
            "timetz" => format!("time{} with time zone", self.modifier(None)?),
            "timestamptz" => format!("timestamp{} with time zone", self.modifier(None)?),
            "interval" => self.interval()?,
            _ => name.to_owned() + &self.modifier(None)?,
        })
    }

    fn float(&mut self) -> Result<String, Problem> {
        let modifier = self.modifier(None)?;
        let digits: Option<u32> = modifier.trim_matches(['(', ')']).parse().ok();
        Ok(if digits.is_some_and(|d| d <= 24) { "real" } else { "double precision" }.to_owned())
    }

    fn numeric(&mut self) -> Result<String, Problem> {
        let modifier = self.modifier(None)?;
        Ok(match modifier.strip_suffix(')') {
            Some(open) if !modifier.contains(',') => format!("numeric{open},0)"),
            _ => format!("numeric{modifier}"),
        })
    }

    fn character(&mut self) -> Result<String, Problem> {
        if self.eat_word("varying") {
            return Ok(format!("character varying{}", self.modifier(None)?));
        }
        Ok(format!("character{}", self.modifier(Some("(1)"))?))
    }

    fn time(&mut self, name: &str) -> Result<String, Problem> {
        let modifier = self.modifier(None)?;
        let with = self.peek().is_some_and(|t| t.is_word("with"));
        let zone = |i: usize, word: &str| self.tokens.get(self.at + i).is_some_and(|t| t.is_word(word));
        if (with || zone(0, "without")) && zone(1, "time") && zone(2, "zone") {
            self.at += 3;
        }
        Ok(format!("{name}{modifier} {} time zone", if with { "with" } else { "without" }))
    }

    fn interval(&mut self) -> Result<String, Problem> {
        const FIELDS: [&str; 6] = ["year", "month", "day", "hour", "minute", "second"];
        let mut out = format!("interval{}", self.modifier(None)?);
        while let Some(word) = self.peek().and_then(|t| t.name()).filter(|w| FIELDS.contains(&w.as_str()) || w == "to")
        {
            self.at += 1;
            out = format!("{out} {word}{}", self.modifier(None)?);
        }
        Ok(out)
    }

    /// Reads a modifier, `(12, 2)` as `(12,2)`; returns `absent` if there is none.
    fn modifier(&mut self, absent: Option<&str>) -> Result<String, Problem> {
        if !self.eat("(") {
            return Ok(absent.unwrap_or_default().to_owned());
        }
        let mut out = String::from("(");
        while let Some(token) = self.peek() {
            self.at += 1;
            out.push_str(token.text);
            if token.is(")") {
                return Ok(out);
            }
        }
        Err(self.broken())
    }

    /// Reads array brackets as `[]` for any number of dimensions, as PostgreSQL does not store their number and size.
    fn array(&mut self) -> Result<&'static str, Problem> {
        let mut array = "";
        if self.eat_word("array") {
            array = "[]";
        }
        while self.eat("[") {
            array = "[]";
            if self.peek().is_some_and(|t| t.class == TokenClass::Number) {
                self.at += 1;
            }
            if !self.eat("]") {
                return Err(self.broken());
            }
        }
        Ok(array)
    }

    fn broken(&self) -> Problem {
        Problem::new(Code::Sql, format!("`{}` is not a data type", self.text.trim()))
            .help("write a type as in `create table`: `numeric(12,2)`, `text[]`, `shop.status`")
    }
}

impl fmt::Debug for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for TypeName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TypeName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(refused)
    }
}

crate::kinds::part::text_schema!(TypeName, "A data type, as in SQL: `numeric(12,2)`, `text[]`, `shop.status`.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alias_becomes_the_name_postgresql_prints() {
        for (written, stored) in [
            ("int", "integer"),
            ("INT8", "bigint"),
            ("varchar(255)", "character varying(255)"),
            ("char", "character(1)"),
            ("char varying (3)", "character varying(3)"),
            ("\"char\"", "\"char\""),
            ("numeric(12, 2)", "numeric(12,2)"),
            ("decimal(5)", "numeric(5,0)"),
            ("timestamp", "timestamp without time zone"),
            ("timestamp(3) with time zone", "timestamp(3) with time zone"),
            ("timestamptz(0)", "timestamp(0) with time zone"),
            ("time", "time without time zone"),
            ("float(10)", "real"),
            ("float", "double precision"),
            ("bit", "bit(1)"),
            ("bit varying(8)", "bit varying(8)"),
            ("text[3][]", "text[]"),
            ("int array", "integer[]"),
            ("interval day to second (3)", "interval day to second(3)"),
            ("pg_catalog.int4", "integer"),
            ("shop.\"Status\"", "shop.\"Status\""),
            ("Shop.Status[]", "shop.status[]"),
            ("public.geometry(Point, 4326)", "public.geometry(Point,4326)"),
            ("setof int", "SETOF integer"),
        ] {
            assert_eq!(TypeName::parse(written).expect(written).as_str(), stored);
        }
    }

    #[test]
    fn what_is_no_type_is_refused_at_the_word() {
        assert_eq!(TypeName::parse("bigint nonsense").unwrap_err().within, Some((7, 15)));
        assert!(TypeName::parse("numeric(12").is_err());
        assert!(TypeName::parse("").is_err());
    }

    #[test]
    fn modifiers_are_dropped_for_identities() {
        assert_eq!(TypeName::parse("varchar(9)[]").unwrap().without_modifier().as_str(), "character varying[]");
    }
}
