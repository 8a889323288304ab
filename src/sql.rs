//! Writing and reading small pieces of SQL text: identifiers, literals, dollar quotes, tokens.
//!
//! Nothing here decides what SQL means; that is PostgreSQL's part.

pub mod grammar;
pub mod types;

use std::borrow::Cow;

use squawk_lexer::{LiteralKind, TokenKind};

/// An identifier, quoted only where PostgreSQL's `quote_identifier` would.
pub fn ident(name: &str) -> String {
    squawk_syntax::quote::quote_quoted_ident(name)
}

/// A dotted name: `schema.name`, each part quoted where needed.
pub fn dotted<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    parts.into_iter().map(ident).collect::<Vec<_>>().join(".")
}

/// A comma-separated list of identifiers.
pub fn idents<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    names.into_iter().map(|n| ident(n.as_ref())).collect::<Vec<_>>().join(", ")
}

/// A string literal: `'it''s'`, or `E'…'` where it holds a backslash.
pub fn literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", doubled.replace('\\', "\\\\")) } else { format!("'{doubled}'") }
}

/// What a string constant says, plain, with escapes, or between dollars; `None` where it is none.
pub fn unquote(text: &str) -> Option<String> {
    if let Some(rest) = text.strip_prefix('$') {
        let tag = &text[..=rest.find('$')? + 1];
        return text.strip_prefix(tag)?.strip_suffix(tag).map(str::to_owned);
    }
    let escapes = text.starts_with(['E', 'e']);
    let inner = text.trim_start_matches(['E', 'e']).strip_prefix('\'')?.strip_suffix('\'')?;
    let inner = inner.replace("''", "'");
    if !escapes {
        return Some(inner);
    }
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        out.push(match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => '\n',
            ('\\', Some('t')) => '\t',
            ('\\', Some('r')) => '\r',
            ('\\', Some(other)) => other,
            (c, _) => c,
        });
    }
    Some(out)
}

/// A dollar-quoted string with the shortest tag that the text does not hold.
///
/// # Panics
/// Never: there are more tags to try than the text has bytes.
pub fn dollar(text: &str) -> String {
    let tag = std::iter::once(String::new())
        .chain((0..=text.len()).map(|n| if n == 0 { "body".to_owned() } else { format!("body{n}") }))
        .find(|tag| !text.contains(&format!("${tag}$")) && !text.ends_with(&format!("${tag}")))
        .expect("a text holds fewer tags than it has bytes");
    format!("${tag}${text}${tag}$")
}

/// What a token is, as far as names and folding need to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenClass {
    /// An unquoted word: a keyword or a name.
    Word,
    /// A quoted identifier.
    Quoted,
    /// A string constant of any form, quotes included.
    Str,
    /// A number.
    Number,
    /// White space or a comment.
    Space,
    /// Anything else, one character each.
    Punct,
}

/// A piece of SQL text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub class: TokenClass,
    /// Its text as written.
    pub text: &'a str,
    /// Its first byte in the text.
    pub start: usize,
}

impl Token<'_> {
    /// The byte after its last.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// The name a word or a quoted identifier stands for: folded to lower case, or unquoted.
    pub fn name(&self) -> Option<String> {
        match self.class {
            TokenClass::Word => Some(self.text.to_lowercase()),
            TokenClass::Quoted => Some(self.text[1..].strip_suffix('"').unwrap_or_default().replace("\"\"", "\"")),
            TokenClass::Str | TokenClass::Number | TokenClass::Space | TokenClass::Punct => None,
        }
    }

    /// True for the unquoted word `word`, given in lower case.
    pub fn is_word(&self, word: &str) -> bool {
        self.class == TokenClass::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// True for that punctuation.
    pub fn is(&self, punct: &str) -> bool {
        self.class == TokenClass::Punct && self.text == punct
    }
}

/// Every token, white space and comments included, as PostgreSQL's lexer would split them.
///
/// See <https://www.postgresql.org/docs/current/sql-syntax-lexical.html>.
pub fn all_tokens(text: &str) -> Vec<Token<'_>> {
    split(text).collect()
}

/// The tokens that mean something.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    meaning(text).collect()
}

fn meaning(text: &str) -> impl Iterator<Item = Token<'_>> {
    split(text).filter(|token| token.class != TokenClass::Space)
}

fn split(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut start = 0;
    squawk_lexer::tokenize(text)
        .map(move |token| {
            let end = start + token.len as usize;
            let piece = Token { class: class(token.kind), text: &text[start..end], start };
            start = end;
            piece
        })
        .filter(|token| !token.text.is_empty())
}

fn class(kind: TokenKind) -> TokenClass {
    match kind {
        TokenKind::Ident => TokenClass::Word,
        TokenKind::QuotedIdent { .. } => TokenClass::Quoted,
        TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment { .. } => TokenClass::Space,
        TokenKind::Literal { kind: LiteralKind::Int { .. } | LiteralKind::Numeric { .. } } => TokenClass::Number,
        TokenKind::Literal { .. } => TokenClass::Str,
        _ => TokenClass::Punct,
    }
}

/// The text with white space and comments folded: what two spellings of the same tokens share.
///
/// Unquoted words are folded to lower case; nothing else changes.
pub fn fold(text: &str) -> String {
    folded(text).flat_map(|(gap, token)| [Cow::Borrowed(gap), token]).collect()
}

/// Whether two texts fold to the same. Where they differ at the start, their ends are not looked at.
pub fn folds_alike(a: &str, b: &str) -> bool {
    folded(a).eq(folded(b))
}

/// The tokens of a folded text, each with what parts it from the one before.
fn folded(text: &str) -> impl Iterator<Item = (&'static str, Cow<'_, str>)> {
    let is_wordy =
        |class| matches!(class, TokenClass::Word | TokenClass::Number | TokenClass::Quoted | TokenClass::Str);
    let mut last: Option<Token<'_>> = None;
    meaning(text).map(move |token| {
        let is_apart = last.replace(token).is_some_and(|last| {
            is_wordy(last.class) && is_wordy(token.class)
                || last.class == TokenClass::Punct && token.class == TokenClass::Punct && token.start > last.end()
        });
        let may_be_upper = |byte: u8| byte.is_ascii_uppercase() || !byte.is_ascii();
        let changes = token.class == TokenClass::Word && token.text.bytes().any(may_be_upper);
        let text = if changes { Cow::Owned(token.text.to_lowercase()) } else { Cow::Borrowed(token.text) };
        (if is_apart { " " } else { "" }, text)
    })
}

/// Splits a list at its top-level commas; brackets of all three sorts nest.
pub fn split_commas(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut from) = (0_i32, 0);
    for token in all_tokens(text) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            "," if depth == 0 => {
                parts.push(text[from..token.start].trim());
                from = token.end();
            }
            _ => {}
        }
    }
    let rest = text[from..].trim();
    if !(parts.is_empty() && rest.is_empty()) {
        parts.push(rest);
    }
    parts
}

/// Splits a dotted name as typed in SQL (`shop."Orders"`) into its parts; `None` when it is not one.
pub fn split_name(text: &str) -> Option<Vec<String>> {
    let tokens = tokens(text);
    let mut parts = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        match i % 2 {
            0 => parts.push(token.name()?),
            _ if token.is(".") => {}
            _ => return None,
        }
    }
    (tokens.len() % 2 == 1).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_quoted_only_where_needed() {
        for (name, written) in [
            ("orders", "orders"),
            ("Orders", "\"Orders\""),
            ("order", "\"order\""),
            ("a b", "\"a b\""),
            ("a\"b", "\"a\"\"b\""),
            ("between", "\"between\""),
            ("left", "\"left\""),
            ("1a", "\"1a\""),
            ("name", "name"),
        ] {
            assert_eq!(ident(name), written);
        }
    }

    #[test]
    fn literals_survive_quotes_and_backslashes() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"a\b"), r"E'a\\b'");
    }

    #[test]
    fn dollar_quotes_avoid_what_the_text_holds() {
        assert_eq!(dollar("select 1"), "$$select 1$$");
        assert_eq!(dollar("select $$x$$"), "$body$select $$x$$$body$");
        assert_eq!(dollar("ends in $"), "$body$ends in $$body$");
    }

    #[test]
    fn folding_keeps_meaning_and_drops_layout() {
        assert_eq!(fold("Email  =\n lower( email ) -- x"), "email=lower(email)");
        assert_eq!(fold("a IN ('X', \"Y\")"), "a in('X',\"Y\")");
        assert_ne!(fold("a - -1"), fold("a --1"));
        assert!(folds_alike("Email =  LOWER(ÄB) -- x", "email=lower( äb )"));
        for (a, b) in [("a - -1", "a --1"), ("'A'", "'a'"), ("ab", "a b"), ("a", "a = 1"), ("\"A\"", "a")] {
            assert!(!folds_alike(a, b) && fold(a) != fold(b), "{a}, {b}");
        }
    }

    #[test]
    fn commas_split_at_the_top_level_only() {
        assert_eq!(split_commas("a numeric(1,2), b text default ','"), ["a numeric(1,2)", "b text default ','"]);
        assert!(split_commas("  ").is_empty());
    }

    #[test]
    fn names_split_at_dots() {
        assert_eq!(split_name("shop.\"Or.ders\"").as_deref(), Some(&["shop".to_owned(), "Or.ders".to_owned()][..]));
        assert_eq!(split_name("shop."), None);
    }
}
