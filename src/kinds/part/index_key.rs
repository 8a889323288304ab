//! The keys of an index: a column or an expression, and how it is ordered.
//!
//! Written as in `create index`: `created_at desc nulls last`, `name text_pattern_ops`, `lower(email)`. PostgreSQL's
//! defaults (`asc`, `nulls last`, but `nulls first` for `desc`) are left out, so that equal keys have one spelling. See
//! <https://www.postgresql.org/docs/current/sql-createindex.html>.

use std::fmt;

use serde::Serialize;

use super::Sql;
use crate::diagnostic::{Code, Problem};
use crate::kind::{COLLATION, OPERATOR_CLASS, References, Renaming};
use crate::sql::{self, Token, TokenClass};

/// One key of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct IndexKey {
    /// What is indexed.
    pub subject: Subject,
    /// Its collation, where it is not the column's.
    pub collation: Option<ObjectName>,
    /// Its operator class, where it is not the type's.
    pub class: Option<ObjectName>,
    /// Parameters of the operator class, as written.
    pub parameters: Option<Sql>,
    /// The greatest comes first.
    pub descending: bool,
    /// Nulls come first.
    pub nulls_first: bool,
}

/// What is indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A column.
    Column(String),
    /// An expression.
    Expression(Sql),
}

/// A name that may be written with or without its schema: without one it equals any.
#[derive(Debug, Clone, Eq)]
pub struct ObjectName(Vec<String>);

impl PartialEq for ObjectName {
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().rev().zip(other.0.iter().rev()).all(|(a, b)| a == b)
    }
}

impl IndexKey {
    /// Parses a key as typed in `create index`.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let tokens = sql::tokens(text);
        let mut reader = Reader { tokens: &tokens, at: 0, text };
        let key = reader.key()?;
        match reader.peek() {
            None => Ok(key),
            Some(extra) => Err(Reader::unexpected(extra)),
        }
    }

    /// Adds references to its collation and operator class. Those to what is indexed are added by the index.
    pub fn references(&self, out: &mut References, field: &'static str) {
        for (slot, name) in [(COLLATION, &self.collation), (OPERATOR_CLASS, &self.class)] {
            if let Some(name) = name {
                out.name(slot, &name.to_string(), field);
            }
        }
    }

    /// Returns the column, if the key is one.
    pub fn column(&self) -> Option<&str> {
        match &self.subject {
            Subject::Column(name) => Some(name),
            Subject::Expression(_) => None,
        }
    }

    /// Returns its collation and operator class as written. Only PostgreSQL knows whether they are the defaults.
    pub fn choices(&self) -> Option<String> {
        let names: Vec<String> = self.collation.iter().chain(&self.class).map(ToString::to_string).collect();
        (!names.is_empty()).then(|| names.join(" "))
    }

    /// Updates the key after a rename.
    pub fn follow(&mut self, renaming: Renaming<'_>) {
        match &mut self.subject {
            Subject::Column(name) => renaming.column(name),
            Subject::Expression(text) => text.follow(renaming),
        }
        for (slot, name) in [(COLLATION, &mut self.collation), (OPERATOR_CLASS, &mut self.class)] {
            let new = name.as_ref().and_then(|name| sql::split_name(&renaming.name(slot, &name.to_string())?));
            if let Some(new) = new {
                *name = Some(ObjectName(new));
            }
        }
    }
}

/// Returns keys as a list: `a, lower(b) desc`.
pub fn list(keys: &[IndexKey]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Reads a key from a list of tokens.
pub struct Reader<'a> {
    /// The tokens.
    pub tokens: &'a [Token<'a>],
    /// The next one.
    pub at: usize,
    /// The text they are of.
    pub text: &'a str,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    fn is_word(&self, word: &str) -> bool {
        self.peek().is_some_and(|t| t.is_word(word))
    }

    /// Takes the next word if it is the given one.
    pub fn eat(&mut self, word: &str) -> bool {
        let hit = self.is_word(word);
        self.at += usize::from(hit);
        hit
    }

    /// Reads a key, and stops at what does not belong to it.
    pub fn key(&mut self) -> Result<IndexKey, Problem> {
        let subject = self.subject()?;
        let collation = if self.eat("collate") { Some(self.name()?) } else { None };
        let words = ["asc", "desc", "nulls", "with"];
        let class = self.peek().is_some_and(|t| t.name().is_some() && !words.iter().any(|w| t.is_word(w)));
        let class = if class { Some(self.name()?) } else { None };
        let given = class.is_some() && self.peek().is_some_and(|t| t.is("("));
        let parameters = if given { Some(plain_values(&self.brackets()?)) } else { None };
        let descending = !self.eat("asc") && self.eat("desc");
        let nulls_first = if self.eat("nulls") { self.first_or_last()? } else { descending };
        Ok(IndexKey { subject, collation, class, parameters, descending, nulls_first })
    }

    fn first_or_last(&mut self) -> Result<bool, Problem> {
        let first = self.eat("first");
        if first || self.eat("last") { Ok(first) } else { Err(self.missing("`first` or `last` follows `nulls`")) }
    }

    fn subject(&mut self) -> Result<Subject, Problem> {
        let from = self.at;
        let Some(first) = self.peek() else { return Err(self.missing("a column or an expression is missing")) };
        if first.is("(") {
            return Ok(Subject::Expression(self.brackets()?));
        }
        let names = self.name()?;
        if self.peek().is_some_and(|t| t.is("(")) {
            self.brackets()?;
            let (start, end) = (self.tokens[from].start, self.tokens[self.at - 1].end());
            return Ok(Subject::Expression(Sql::new(&self.text[start..end])));
        }
        match <[String; 1]>::try_from(names.0) {
            Ok([column]) => Ok(Subject::Column(column)),
            Err(_) => Err(Self::unexpected(first)),
        }
    }

    /// Reads a dotted name, without a leading `pg_catalog`.
    fn name(&mut self) -> Result<ObjectName, Problem> {
        let mut parts = Vec::new();
        loop {
            let Some(part) = self.peek().and_then(|t| t.name()) else { return Err(self.missing("a name is missing")) };
            parts.push(part);
            self.at += 1;
            if !self.peek().is_some_and(|t| t.is(".")) {
                break;
            }
            self.at += 1;
        }
        if parts.len() > 1 && parts[0] == "pg_catalog" {
            parts.remove(0);
        }
        Ok(ObjectName(parts))
    }

    /// Reads the text inside a pair of parentheses.
    fn brackets(&mut self) -> Result<Sql, Problem> {
        let open = self.tokens[self.at];
        let mut depth = 0_i32;
        for (i, token) in self.tokens[self.at..].iter().enumerate() {
            depth += i32::from(token.is("(")) - i32::from(token.is(")"));
            if depth == 0 {
                self.at += i + 1;
                return Ok(Sql::new(&self.text[open.end()..token.start]));
            }
        }
        Err(self.missing("a bracket is not closed"))
    }

    fn missing(&self, what: &str) -> Problem {
        let end = self.text.len();
        let at = self.peek().map_or((end, end), |t| (t.start, t.end()));
        Problem::new(Code::Sql, what).help(HELP).within(at.0, at.1)
    }

    fn unexpected(token: Token<'_>) -> Problem {
        let message = format!("`{}` is no part of an index key", token.text);
        Problem::new(Code::Sql, message).help(HELP).within(token.start, token.end())
    }
}

const HELP: &str = "write a key as in `create index`: `email`, `lower(email)`, `(a + b)`, `created_at desc nulls last`";

/// Normalises parameters: `siglen='32'` and `siglen=32` are the same.
fn plain_values(parameters: &Sql) -> Sql {
    let mut text = String::new();
    for token in sql::tokens(parameters.as_str()) {
        let inner = token.text.trim_matches('\'');
        let plain = token.class == TokenClass::Str && !inner.is_empty() && inner.chars().all(char::is_alphanumeric);
        text += if plain { inner } else { token.text };
        text += if token.is(",") { " " } else { "" };
    }
    Sql::new(&text)
}

/// Returns whether an expression is a call such as `lower(email)`, which needs no parentheses around it.
fn is_call(expression: &str) -> bool {
    matches!(IndexKey::parse(expression), Ok(IndexKey { subject: Subject::Expression(_), .. }))
        && !expression.starts_with('(')
        && expression.ends_with(')')
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&sql::dotted(self.0.iter().map(String::as_str)))
    }
}

impl fmt::Display for IndexKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Subject::Column(name) => f.write_str(&sql::ident(name))?,
            Subject::Expression(text) if is_call(text.as_str()) => write!(f, "{text}")?,
            Subject::Expression(text) => write!(f, "({text})")?,
        }
        if let Some(collation) = &self.collation {
            write!(f, " collate {collation}")?;
        }
        if let Some(class) = &self.class {
            write!(f, " {class}")?;
        }
        if let Some(parameters) = &self.parameters {
            write!(f, " ({parameters})")?;
        }
        f.write_str(match (self.descending, self.nulls_first) {
            (false, false) => "",
            (false, true) => " nulls first",
            (true, true) => " desc",
            (true, false) => " desc nulls last",
        })
    }
}

impl<'de> serde::Deserialize<'de> for IndexKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::kinds::part::read_text(deserializer)
    }
}

impl TryFrom<String> for IndexKey {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        Self::parse(&text)
    }
}

impl From<IndexKey> for String {
    fn from(key: IndexKey) -> Self {
        key.to_string()
    }
}

/// Returns a query for the text of every key of the index `i`, in order, each followed by `more`, which may use the
/// key's number as `k.i`.
pub fn catalog(more: &str) -> String {
    format!(
        "select {KEY}{more}
         from unnest(i.indkey) with ordinality k(n, i)
              left join lateral (select * from pg_attribute a
                                 where a.attrelid = i.indrelid and a.attnum = k.n offset 0) a on true -- by its index
         where k.i <= i.indnkeyatts order by k.i"
    )
}

/// The text of the key `k.i`, whose column is `a`. Only expressions are deparsed.
const KEY: &str = "
    case when k.n = 0 then pg_get_indexdef(i.indexrelid, k.i::int, true) else quote_ident(a.attname) end
    || case when i.indcollation[k.i - 1] not in (0, case when k.n <> 0 then a.attcollation else 100 end)
            then coalesce((
                 select ' collate ' || case when cn.nspname = 'pg_catalog' then '' else quote_ident(cn.nspname) || '.' end
                        || quote_ident(co.collname)
                 from pg_collation co join pg_namespace cn on cn.oid = co.collnamespace
                 where co.oid = i.indcollation[k.i - 1]
                   and (k.n <> 0 or strpos(pg_get_indexdef(i.indexrelid), 'COLLATE') > 0)), '') else '' end
    || case when i.indclass[k.i - 1] in (
                   select o.oid from pg_opclass o where o.opcdefault and o.opcmethod = 403
                   and o.opcfamily not in (select p.amprocfamily from pg_amproc p where p.amprocnum = 5))
                 and (k.n = 0 or (i.indclass[k.i - 1], a.atttypid) in (select oid, opcintype from pg_opclass))
            then '' -- as nearly always, and asked of all at once: the default of `btree`, which takes no parameters
            else coalesce((
                 select ' ' || case when cn.nspname = 'pg_catalog' then '' else quote_ident(cn.nspname) || '.' end
                        || quote_ident(oc.opcname)
                        || coalesce(' (' || (
                             select string_agg(quote_ident(split_part(o, '=', 1)) || '='
                                               || quote_literal(substr(o, strpos(o, '=') + 1)), ', ')
                             from unnest(ka.attoptions) o) || ')', '')
                 from pg_opclass oc join pg_namespace cn on cn.oid = oc.opcnamespace
                      join pg_attribute ka on ka.attrelid = i.indexrelid and ka.attnum = k.i
                 where oc.oid = i.indclass[k.i - 1]
                   and (ka.attoptions is not null or not oc.opcdefault
                        or oc.opcintype <> coalesce(a.atttypid, oc.opcintype)
                           and exists (select from pg_opclass od where od.opcmethod = oc.opcmethod and od.opcdefault
                                       and od.opcintype = a.atttypid and od.oid <> oc.oid))), '') end
    || case i.indoption[k.i - 1] & 3 when 1 then ' desc nulls last' when 2 then ' nulls first' when 3 then ' desc'
                                     else '' end";

crate::kinds::part::text_schema!(
    IndexKey,
    "A column or an expression, as in `create index`: `id desc`, `lower(email)`."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_a_key_are_one() {
        for (written, printed) in [
            ("user_id", "user_id"),
            ("user_id ASC NULLS LAST", "user_id"),
            ("Created_At desc nulls first", "created_at desc"),
            ("created_at DESC NULLS LAST", "created_at desc nulls last"),
            ("a nulls first", "a nulls first"),
            ("name text_pattern_ops", "name text_pattern_ops"),
            ("name pg_catalog.text_pattern_ops", "name text_pattern_ops"),
            ("x collate \"C\"", "x collate \"C\""),
            ("x collate pg_catalog.\"C\" varchar_pattern_ops desc", "x collate \"C\" varchar_pattern_ops desc"),
            ("lower(email)", "lower(email)"),
            ("(lower(email)) desc", "lower(email) desc"),
            ("( a + b )", "(a + b)"),
            ("(a) || (b)", ""),
            ("((a) || (b))", "((a) || (b))"),
            ("lower(a) || lower(b)", ""),
            ("(lower(a) || lower(b))", "(lower(a) || lower(b))"),
            ("shop.f(a, 'x)')", "shop.f(a, 'x)')"),
            ("t public.gist_trgm_ops(siglen='32')", "t public.gist_trgm_ops (siglen=32)"),
            ("\"Mixed Case\" desc", "\"Mixed Case\" desc"),
            ("a nulls", ""),
            ("", ""),
        ] {
            let key = IndexKey::parse(written).map(|k| k.to_string()).unwrap_or_default();
            assert_eq!(key, printed, "{written}");
        }
    }

    #[test]
    fn a_class_without_schema_is_the_one_of_any_schema() {
        let key = |text: &str| IndexKey::parse(text).unwrap();
        assert_eq!(key("t gin_trgm_ops"), key("t public.gin_trgm_ops"));
        assert_ne!(key("t ext.gin_trgm_ops"), key("t public.gin_trgm_ops"));
    }
}
