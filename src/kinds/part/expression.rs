//! SQL text that PostgreSQL stores in a spelling of its own: expressions and queries.
//!
//! Two texts are equal if they fold to the same tokens. Texts that differ may still mean the same; that is settled by
//! PostgreSQL, in a scratch database.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::kind::Renaming;
use crate::sql;

/// A piece of SQL.
#[derive(Clone, Eq)]
pub struct Sql(Box<str>);

impl Sql {
    /// Creates it from a text, without surrounding white space and a final semicolon.
    pub fn new(text: &str) -> Self {
        let text = text.trim().trim_end_matches(';').trim_end();
        Self(pin_array_casts(text).unwrap_or_else(|| text.to_owned()).into())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Updates the text after a rename.
    pub fn follow(&mut self, renaming: Renaming<'_>) {
        if let Some(text) = renaming.text(&self.0) {
            *self = Self::new(&text);
        }
    }

    /// Returns the text for `default` in `create table` and `create domain`: in parentheses, if it contains a word such
    /// as `not` or `in` at which the default would end.
    pub fn as_default(&self) -> String {
        const WORDS: [&str; 12] =
            ["not", "and", "or", "is", "in", "like", "ilike", "similar", "between", "isnull", "notnull", "at"];
        let words = |t: &sql::Token<'_>| WORDS.iter().any(|word| t.is_word(word)) || t.is_word("collate");
        if sql::tokens(self.as_str()).iter().any(words) { format!("({self})") } else { self.to_string() }
    }

    /// Returns what is compared: the text without outer parentheses.
    fn bare(&self) -> &str {
        let mut text = &*self.0;
        while let Some(inner) = unwrap_brackets(text) {
            text = inner;
        }
        text
    }
}

/// Adds a cast to the element type to array constants that are cast to another type. Returns `None` if there is nothing
/// to add.
///
/// PostgreSQL prints `(ARRAY['a'::character varying])::text[]` for an array of one type that is cast to another. It
/// reads that as elements that are cast one by one, which is something else and printed differently.
/// `(ARRAY['a'::character varying]::character varying[])::text[]` is read as it was meant.
fn pin_array_casts(text: &str) -> Option<String> {
    if !text.contains("])::") {
        return None;
    }
    let tokens = sql::tokens(text);
    let mut insertions: Vec<(usize, String)> = Vec::new();
    for i in 0..tokens.len() {
        if !(tokens[i].is("(") && tokens.get(i + 1)?.is_word("array") && tokens.get(i + 2)?.is("[")) {
            continue;
        }
        let mut depth = 0;
        let close = (i + 2..tokens.len()).find(|j| {
            depth += i32::from(tokens[*j].is("[")) - i32::from(tokens[*j].is("]"));
            depth == 0
        })?;
        let cast = [")", ":", ":"].iter().zip(&tokens[close + 1..]).filter(|(p, t)| t.is(p)).count() == 3;
        let element = element_type(&text[tokens[i + 2].end()..tokens[close].start]);
        if let (true, Some(element)) = (cast, element)
            && !sql::fold(&text[tokens[close + 3].end()..]).starts_with(&format!("{}[]", sql::fold(&element)))
        {
            insertions.push((tokens[close].end(), format!("::{element}[]")));
        }
    }
    let mut out = text.to_owned();
    for (at, cast) in insertions.iter().rev() {
        out.insert_str(*at, cast);
    }
    (!insertions.is_empty()).then_some(out)
}

/// Returns the type to which all elements of an array constant are cast.
fn element_type(elements: &str) -> Option<String> {
    let cast_of = |element: &str| -> Option<String> {
        let tokens = sql::tokens(element);
        let mut depth = 0;
        let colons = tokens.windows(2).enumerate().filter(|(i, pair)| {
            depth += i32::from(tokens[*i].is("(")) - i32::from(tokens[*i].is(")"));
            depth == 0 && pair[0].is(":") && pair[1].is(":")
        });
        let last = colons.last().map(|(i, _)| tokens[i + 1].end())?;
        super::TypeName::parse(&element[last..]).ok().map(|t| t.to_string())
    };
    let mut types = sql::split_commas(elements).into_iter().map(cast_of);
    let first = types.next()??;
    types.all(|t| t.as_ref() == Some(&first)).then_some(first)
}

/// Returns the text inside parentheses that enclose the whole text.
fn unwrap_brackets(text: &str) -> Option<&str> {
    if !text.trim_start().starts_with(['(', '-', '/']) || !text.contains(')') {
        return None; // It begins with neither a parenthesis nor a comment.
    }
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
        self.0 == other.0 || sql::folds_alike(self.bare(), other.bare())
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

crate::kinds::part::text_schema!(Sql, "SQL, as one would type it in psql.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_an_array_is_said_where_it_is_cast() {
        let stored = "((s)::text = ANY ((ARRAY['a'::character varying, 'b, c'::character varying])::text[]))";
        let pinned = "((s)::text = ANY ((ARRAY['a'::character varying, 'b, c'::character varying]::character varying[])::text[]))";
        assert_eq!(Sql::new(stored).as_str(), pinned);
        assert_eq!(Sql::new(pinned).as_str(), pinned);
        for same in ["(ARRAY['a'::text])::text[]", "(ARRAY[1, 2])::bigint[]", "x = ANY (ARRAY['a'::text])"] {
            assert_eq!(Sql::new(same).as_str(), same);
        }
    }

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
