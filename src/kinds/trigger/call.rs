//! The function that a trigger calls, with its literal arguments: `shop.touch('note')`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::diagnostic::{Code, Problem};
use crate::kind::{ROUTINE, Renaming};
use crate::kinds::part::refused;
use crate::sql::{self, Token, TokenClass};

/// A function's name and the texts it is called with; PostgreSQL keeps every argument as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The dotted name, quoted where needed.
    function: String,
    /// The arguments.
    args: Vec<String>,
}

impl Call {
    /// Parses a call as typed in SQL. Without parentheses there are no arguments.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let tokens = sql::tokens(text);
        let open = tokens.iter().position(|t| t.is("(")).unwrap_or(tokens.len());
        let name = tokens[..open].last().and_then(|last| sql::split_name(&text[..last.end()]));
        let function = name.filter(|parts| parts.len() <= 2).ok_or_else(|| broken(text))?;
        let function = sql::dotted(function.iter().map(String::as_str).skip_while(|p| *p == "pg_catalog"));
        let args = match tokens.get(open..) {
            Some([]) | None => Vec::new(),
            Some([_, inner @ .., close]) if close.is(")") => arguments(inner).ok_or_else(|| broken(text))?,
            Some(_) => return Err(broken(text)),
        };
        Ok(Self { function, args })
    }

    /// Returns the function's dotted name.
    pub fn function(&self) -> &str {
        &self.function
    }

    /// Follows a rename.
    pub fn follow(&mut self, renaming: Renaming<'_>) {
        if let Some(function) = renaming.name(ROUTINE, &self.function) {
            self.function = function;
        }
    }

    /// Adds the schema to an unqualified name, if that schema has a function `declared` by that name.
    pub fn qualify(&mut self, schema: &str, declared: impl Fn(&str) -> bool) {
        if let Some([name]) = sql::split_name(&self.function).as_deref()
            && declared(name)
        {
            self.function = sql::dotted([schema, name]);
        }
    }
}

/// Parses the arguments: constants or names, each a single token, separated by commas.
fn arguments(tokens: &[Token<'_>]) -> Option<Vec<String>> {
    let pieces = tokens.split(|t| t.is(","));
    if tokens.is_empty() {
        return Some(Vec::new());
    }
    pieces
        .map(|piece| match piece {
            [one] => constant(*one),
            _ => None,
        })
        .collect()
}

fn constant(token: Token<'_>) -> Option<String> {
    match token.class {
        TokenClass::Str => sql::unquote(token.text),
        TokenClass::Number => Some(token.text.to_owned()),
        TokenClass::Word | TokenClass::Quoted => token.name(),
        TokenClass::Space | TokenClass::Punct => None,
    }
}

fn broken(text: &str) -> Problem {
    Problem::new(Code::Sql, format!("`{text}` is no call of a trigger's function"))
        .help("write the function with literal arguments: `shop.touch()`, `shop.log('orders', 1)`")
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let args: Vec<String> = self.args.iter().map(|a| sql::literal(a)).collect();
        write!(f, "{}({})", self.function, args.join(", "))
    }
}

impl Serialize for Call {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Call {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(refused)
    }
}

crate::kinds::part::text_schema!(Call, "The function and its arguments: `shop.touch()`.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_read_as_psql_would() {
        for (typed, printed) in [
            ("shop.touch()", "shop.touch()"),
            ("shop.touch", "shop.touch()"),
            ("shop.\"To.uch\"( 'it''s', 7, note, \"Note\" )", "shop.\"To.uch\"('it''s', '7', 'note', 'Note')"),
            (r"f(E'a\\b', $$x$$, 'a\b')", r"f(E'a\\b', 'x', E'a\\b')"),
            ("pg_catalog.tsvector_update_trigger('tsv')", "tsvector_update_trigger('tsv')"),
            ("f('')", "f('')"),
        ] {
            assert_eq!(Call::parse(typed).expect(typed).to_string(), printed);
        }
        for typed in ["", "f(", "f(1 + 2)", "f(1,)", "f(g())", "a.b.c()"] {
            assert!(Call::parse(typed).is_err(), "{typed}");
        }
    }
}
