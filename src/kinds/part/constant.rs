//! How PostgreSQL stores a default that is nothing but a constant: what is certain of that without asking it.
//!
//! See <https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-CONSTANTS>. Which spelling it prints follows
//! from `get_const_expr`; the tests ask servers for it.

use super::{Sql, TypeName};
use crate::sql::{self, TokenClass};

/// Returns a default as PostgreSQL stores it, or `None` where that is not certain. `there` is the default that is stored now. Each
/// stands beside the type of what it is the default of.
pub fn as_stored(declared: (&Sql, &TypeName), there: (Option<&Sql>, &TypeName)) -> Option<Sql> {
    let (text, data_type) = declared;
    let stored = there.0.filter(|_| there.1 == data_type);
    if stored == Some(text) {
        return stored.cloned();
    }
    let modest = data_type.without_modifier();
    let modest = modest.as_str();
    if let Some(string) = string(text.as_str()) {
        let quoted = |of: &str| Sql::new(&format!("'{}'::{of}", string.replace('\'', "''")));
        return match modest {
            "text" | "character varying" => Some(quoted(modest)),
            "character" | "bpchar" => Some(quoted("bpchar")),
            // Other types print what they have read in their own way, but what it says here they did read.
            _ => stored.filter(|stored| **stored == quoted(modest)).cloned(),
        };
    }
    let is_number = || matches!(modest, "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision");
    match (modest, text.as_str()) {
        ("boolean", word) if word.eq_ignore_ascii_case("true") => Some(Sql::new("true")),
        ("boolean", word) if word.eq_ignore_ascii_case("false") => Some(Sql::new("false")),
        (_, number) if is_number() => self::number(number),
        _ => None,
    }
}

/// Returns what a plain string constant says; `None` where the text is something else or more, or has escapes.
fn string(text: &str) -> Option<String> {
    match sql::tokens(text).as_slice() {
        [token] if token.class == TokenClass::Str && token.text.starts_with('\'') && !token.text.contains('\\') => {
            sql::unquote(token.text)
        }
        _ => None,
    }
}

/// Returns how a number is stored that is written the plain way: digits, with a sign and a fraction at most.
fn number(text: &str) -> Option<Sql> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let is_plain = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let has_zeros = whole.len() > 1 && whole.starts_with('0');
    let is_negative_zero = digits != text && digits.bytes().all(|b| b == b'0' || b == b'.');
    if !is_plain(whole) || has_zeros || is_negative_zero || !fraction.is_none_or(is_plain) {
        return None;
    }
    let of = match fraction {
        Some(_) => "numeric",
        None if whole.parse::<i32>().is_ok() => "integer",
        None => return None,
    };
    Some(if digits == text { Sql::new(text) } else { Sql::new(&format!("'{text}'::{of}")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_certain_is_not_said() {
        let stored = Sql::new("'2026-01-01'::date");
        let named = |name| TypeName::parse(name).expect("a type");
        for (text, data_type) in [
            ("'today'", "date"),
            ("'2026-1-1'", "date"),
            ("now()", "timestamp with time zone"),
            ("007", "integer"),
            ("1e3", "numeric"),
            ("0x1f", "integer"),
            ("1_000", "integer"),
            ("3000000000", "bigint"),
            ("- 1", "integer"),
            (".5", "numeric"),
            ("5.", "numeric"),
            ("", "integer"),
            ("-", "integer"),
            ("-0", "integer"),
            ("-0.0", "numeric"),
            (r"'a\b'", "text"),
            (r"E'a\b'", "text"),
            ("1", "text"),
            ("'1'", "integer"),
            ("'x' || 'y'", "text"),
            ("'t'", "boolean"),
            ("1", "shop.amount"),
        ] {
            let there = (Some(&stored), &named("date"));
            assert_eq!(as_stored((&Sql::new(text), &named(data_type)), there), None, "{text}");
        }
    }
}
