//! SQL text checked without a server: what is surely no expression, query or body, at the word that makes it so.
//!
//! PostgreSQL has the last word. What is reported here it would refuse too; what it alone can tell (names, types) is left
//! to it. Quotes, brackets and semicolons are counted here, since an unclosed one makes a parser point far off; the
//! grammar is squawk's.

use std::ops::Range;

use squawk_lexer::{LiteralKind, TokenKind};
use squawk_syntax::ast::AstNode as _;
use squawk_syntax::{SourceFile, SyntaxKind, SyntaxNode};

use crate::sql::{self, Token, TokenClass};

/// What SQL text must be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Grammar {
    /// An expression, as after `select`.
    Expression,
    /// One query, as after `create view … as`.
    Query,
    /// A routine's body in that language.
    Body(String),
}

/// Why `text` is surely not what `grammar` asks for.
pub fn check(text: &str, grammar: &Grammar) -> Option<Fault> {
    let found = match grammar {
        Grammar::Expression => unclosed(text).or_else(|| brackets(text)).or_else(|| expression(text)),
        Grammar::Query => unclosed(text).or_else(|| brackets(text)).or_else(|| query(text)),
        Grammar::Body(language) => match language.to_lowercase().as_str() {
            "sql" => unclosed(text).or_else(|| brackets(text)).or_else(|| body(text)),
            "plpgsql" => unclosed(text).or_else(|| brackets(text)), // squawk refuses some that PostgreSQL takes
            _ => None,
        },
    };
    found.map(|fault| fault.at_word(text))
}

/// What is wrong, where, and the cure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// The cure.
    pub help: &'static str,
    /// The bytes of the text.
    pub range: Range<usize>,
}

impl Fault {
    fn new(message: impl Into<String>, range: Range<usize>, help: &'static str) -> Self {
        Self { message: message.into(), help, range }
    }

    /// The same, at a whole word of the text.
    fn at_word(self, text: &str) -> Self {
        let trimmed = text.trim_end().len();
        let start = text.floor_char_boundary(self.range.start.min(trimmed));
        // Past the end there is nothing to underline: the last word is what it is about.
        let start = if start == trimmed { sql::tokens(text).last().map_or(0, |t| t.start) } else { start };
        let mut end = text.ceil_char_boundary(self.range.end.clamp(start, trimmed));
        let mut start = start;
        if text[start..end].trim().is_empty() {
            let word = sql::tokens(text).into_iter().find(|t| t.end() > start);
            (start, end) = word.map_or((start, end), |t| (t.start.max(start), t.end()));
        }
        Self { range: start..end, ..self }
    }
}

/// A quote or comment that never ends.
fn unclosed(text: &str) -> Option<Fault> {
    let mut start = 0;
    for token in squawk_lexer::tokenize(text) {
        let end = start + token.len as usize;
        let what = match token.kind {
            TokenKind::Literal {
                kind:
                    LiteralKind::Str { terminated: false }
                    | LiteralKind::EscStr { terminated: false }
                    | LiteralKind::BitStr { terminated: false }
                    | LiteralKind::ByteStr { terminated: false }
                    | LiteralKind::UnicodeEscStr { terminated: false },
            } => Some(("this quote is never closed", "close it; a quote inside a text is written twice: `'it''s'`")),
            TokenKind::Literal { kind: LiteralKind::DollarQuotedString { terminated: false } } => {
                Some(("this dollar quote is never closed", "end the text with the same tag"))
            }
            TokenKind::QuotedIdent { terminated: false, .. } => {
                Some(("this quoted name is never closed", "close it; texts stand in single quotes"))
            }
            TokenKind::BlockComment { terminated: false } => Some(("this comment is never closed", "end it with `*/`")),
            _ => None,
        };
        if let Some((message, help)) = what {
            let mark = text[start..end].find(['\'', '"', '$', '/']).map_or(start, |i| start + i);
            return Some(Fault::new(message, mark..mark + 1, help));
        }
        start = end;
    }
    None
}

/// A bracket without its other half.
fn brackets(text: &str) -> Option<Fault> {
    let mut open: Vec<Token<'_>> = Vec::new();
    for token in sql::tokens(text) {
        let other = match token.text {
            "(" | "[" if token.class == TokenClass::Punct => {
                open.push(token);
                continue;
            }
            ")" if token.class == TokenClass::Punct => "(",
            "]" if token.class == TokenClass::Punct => "[",
            _ => continue,
        };
        match open.pop() {
            Some(last) if last.is(other) => {}
            last => {
                let message = format!("`{}` closes nothing", token.text);
                let range = token.start..token.end();
                let help =
                    if last.is_some() { "close the other bracket first" } else { "remove it, or open it before" };
                return Some(Fault::new(message, range, help));
            }
        }
    }
    let last = open.pop()?;
    let help = if last.is("(") { "close it with `)`" } else { "close it with `]`" };
    Some(Fault::new(format!("`{}` is never closed", last.text), last.start..last.end(), help))
}

const ONE_EXPRESSION: &str = "write one SQL expression, as after `select` or `where`";

fn expression(text: &str) -> Option<Fault> {
    let tokens = sql::tokens(text);
    let Some(last) = tokens.last() else {
        return Some(Fault::new("there is no expression", 0..0, ONE_EXPRESSION));
    };
    if let Some(end) = tokens.iter().find(|t| t.is(";")) {
        return Some(Fault::new("`;` inside an expression", end.start..end.end(), ONE_EXPRESSION));
    }
    if let Some(comment) = text[last.end()..].find("--") {
        let start = last.end() + comment;
        let help = "write it as a comment of YAML, or as `/* … */`";
        return Some(Fault::new("a comment that would swallow what follows", start..text.len(), help));
    }
    parse("select (", text, ")", ONE_EXPRESSION)
}

/// Returns the words of an expression without a query that surely name a value by themselves, not after a dot, and where they
/// are: the columns of a row. Columns with the name of a key word are left out.
pub fn columns(text: &str) -> Vec<(String, Range<usize>)> {
    const BEFORE: &str = "select (";
    let parsed = SourceFile::parse(&format!("{BEFORE}{text})"));
    let nodes = || parsed.tree().syntax().descendants();
    let queries =
        nodes().filter(|node| matches!(node.kind(), SyntaxKind::SELECT | SyntaxKind::VALUES | SyntaxKind::TABLE));
    if queries.count() > 1 {
        return Vec::new();
    }
    let is_value = |node: &SyntaxNode| {
        use SyntaxKind as K;
        let parent = node.parent().map(|parent| parent.kind());
        let places = [
            K::BIN_EXPR,
            K::PREFIX_EXPR,
            K::POSTFIX_EXPR,
            K::BETWEEN_EXPR,
            K::PAREN_EXPR,
            K::CAST_EXPR,
            K::CASE_EXPR,
            K::WHEN_CLAUSE,
            K::ELSE_CLAUSE,
            K::TUPLE_EXPR,
            K::ARRAY_EXPR,
            K::ARG,
        ];
        node.kind() == K::NAME_REF && parent.is_some_and(|parent| places.contains(&parent))
    };
    let name = |node: SyntaxNode| {
        let token = node.first_token().filter(|token| token.kind() == SyntaxKind::IDENT)?;
        let start = usize::from(token.text_range().start()).checked_sub(BEFORE.len())?;
        let end = usize::from(token.text_range().end()) - BEFORE.len();
        Some((sql::tokens(text.get(start..end)?).first()?.name()?, start..end))
    };
    nodes().filter(is_value).filter_map(name).collect()
}

const ONE_QUERY: &str = "write one `select`, `values`, `table` or `with … select`";

fn query(text: &str) -> Option<Fault> {
    let tokens = sql::tokens(text);
    let Some(first) = tokens.iter().find(|t| !t.is("(")) else {
        return Some(Fault::new("there is no query", 0..0, ONE_QUERY));
    };
    if !["select", "with", "values", "table"].iter().any(|word| first.is_word(word)) {
        let range = first.start..first.end();
        return Some(Fault::new(format!("a query does not begin with `{}`", first.text), range, ONE_QUERY));
    }
    if let Some(end) = tokens[..tokens.len() - 1].iter().find(|t| t.is(";")) {
        return Some(Fault::new("a second statement after the query", end.start..end.end(), ONE_QUERY));
    }
    parse("", text, "", ONE_QUERY)
}

const STATEMENTS: &str = "write SQL statements, with `;` between them";

fn body(text: &str) -> Option<Fault> {
    parse("", text, "", STATEMENTS)
}

/// The first error of the grammar, counted from the start of `text`.
fn parse(before: &str, text: &str, after: &str, help: &'static str) -> Option<Fault> {
    let parsed = SourceFile::parse(&format!("{before}{text}{after}"));
    let errors = parsed.errors();
    let error = errors.first()?;
    let at = |offset: usize| offset.saturating_sub(before.len());
    let range = at(error.range().start().into())..at(error.range().end().into());
    Some(Fault::new(message(error.message(), text, range.start), range, help))
}

/// The parser's message, without its names for tokens.
fn message(error: &str, text: &str, at: usize) -> String {
    let error = error.split(", found ").next().unwrap_or_default();
    let is_token = |word: &str| word.len() > 2 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let named = error.split_whitespace().any(is_token);
    let mut chars = error.chars();
    let lower: String = chars.next().map(|c| c.to_lowercase().chain(chars).collect()).unwrap_or_default();
    let hint = if named || lower.is_empty() { String::new() } else { format!(": {}", lower.trim_end_matches('.')) };
    match sql::tokens(text).into_iter().find(|t| t.end() > at) {
        Some(word) => format!("syntax error near `{}`{hint}", word.text.lines().next().unwrap_or_default()),
        None => format!("syntax error at the end{hint}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, grammar: &Grammar) -> String {
        let fault = check(text, grammar).unwrap_or_else(|| panic!("not refused: {text}"));
        format!("{} [{}]", fault.message, &text[fault.range])
    }

    #[test]
    fn what_is_no_expression_says_where() {
        for (text, said) in [
            ("", "there is no expression []"),
            ("total >=", "syntax error at the end: expected an expression [=]"),
            ("total > 0)", "`)` closes nothing [)]"),
            ("(total > 0", "`(` is never closed [(]"),
            ("a[1", "`[` is never closed [[]"),
            ("a[(1])", "`]` closes nothing []]"),
            ("a = 'x", "this quote is never closed [']"),
            ("\"a = 1", "this quoted name is never closed [\"]"),
            ("a = $x$b", "this dollar quote is never closed [$]"),
            ("a /* b", "this comment is never closed [/]"),
            ("a > 0; b", "`;` inside an expression [;]"),
            ("a > 0 -- b", "a comment that would swallow what follows [-- b]"),
            ("a > 0 b c", "syntax error near `b` [b]"),
        ] {
            let found = refused(text, &Grammar::Expression);
            assert!(found.starts_with(said.split(" [").next().unwrap_or_default()), "{text}: {found}");
            assert!(text.is_empty() || found.ends_with(&said[said.find('[').unwrap_or(0)..]), "{text}: {found}");
        }
    }

    #[test]
    fn the_columns_of_an_expression_are_its_words_for_values() {
        for (text, names) in [
            ("a > 0 and \"B c\" is null or not d", "a|B c|d"),
            ("lower(a) = any (array[b, 'c']) and (d, e) in ((1, 2))", "a|b|d|e"),
            ("case a when b then c else d end between e and f", "a|b|c|d|e|f"),
            ("a::shop.state = 'x'::shop.state collate shop.c", "a"),
            ("t.a > 1 and (b).c = 2 and f(x => 1, y := 2) and g.h(1)", "b"),
            ("current_date > a and user = 'x' and normalize(b, nfc) is nfc normalized", "a|b"),
            ("extract(isodow from interval '1' day) = 1 and shop.kind 'x' = a", "a"),
            ("a in (select b from t)", ""),
            ("a = any (values (b), (c))", ""),
        ] {
            let found: Vec<String> = columns(text).into_iter().map(|(name, _)| name).collect();
            assert_eq!(found.join("|"), names, "{text}");
        }
        let text = "abs(total) > 0";
        assert_eq!(columns(text).remove(0).1, 4..9, "{text}");
    }

    #[test]
    fn what_is_no_query_says_where() {
        for (text, said) in [
            ("", "there is no query []"),
            ("delete from t", "a query does not begin with `delete` [delete]"),
            ("select 1; select 2", "a second statement after the query [;]"),
            ("select a from t wher b", "syntax error near `b`"),
            ("select a, from t", "syntax error near"),
        ] {
            let found = refused(text, &Grammar::Query);
            assert!(found.starts_with(said), "{text}: {found}");
        }
    }

    #[test]
    fn what_postgresql_takes_is_taken() {
        for text in [
            "value ~ '^\\d{5}$'::text and value operator(pg_catalog.<>) ''",
            "e'it\\'s' || U&'d\\0061t' || b'101' || x'1F' || n'x' || $tag$ a ' ( $tag$",
            "a between symmetric 1 and 2 and b not similar to 'x' escape '#' and c isnull and d is not distinct from e",
            "a is json object with unique keys or b is nfc normalized",
            "extract(epoch from a) + position('x' in b) + overlay(c placing 'x' from 1 for 2)::int",
            "substring(a from 1 for 2) || trim(both 'x' from b) || substring(a similar 'x' escape '#')",
            "a at time zone 'UTC' + interval '1' day - interval(3) '1 second' + timestamp with time zone '2020-01-01'",
            "array[[1,2],[3,4]][1:2][1] = any (array(select 1)) and b > all ('{1,2}'::int[])",
            "(a).b.c = (row(1, 2)).f1 and (a, b) < (c, d) and (a, b) overlaps (c, d)",
            "f(variadic a) + g(x => 1, y := 2) + count(*) filter (where b) over (partition by c order by d rows 1 preceding)",
            "percentile_cont(0.5) within group (order by a desc nulls last)",
            "a #>> '{b}' ?| array['c'] and d @> e and f <-> g < 1 and @ h = |/ 4 and i !~~* 'x'",
            "case a when 1 then b else c end collate \"C\" = cast(d as \"char\")",
            "xmlelement(name a, xmlattributes(b as c), d) is document and xmlexists('//a' passing by ref e)",
            "json_value(a, '$.b' returning int default 1 on error) + json_exists(a, '$.c')::int",
            "json_object('a': 1, 'b' value 2 null on null) is not null and json_array(select 1) is json",
            "coalesce(current_role, session_user, current_catalog) = greatest(a, nullif(b, c)) and not exists (table t)",
            "nextval('shop.s'::regclass) % 10 ^ -2 and grouping(a) = 0 and merge_action() = 'x' and $1 > 0",
            "1_000 + 0xFF + 1e-3 + .5 + a.\"B c\" + normalize('a', nfc)::int",
            "(a -- why\n > 0) /* nested /* comment */ */",
            "date '2020-01-01' + time '10:00' + double precision '1' > numeric(3, 1) '1.0'",
        ] {
            assert_eq!(check(text, &Grammar::Expression), None, "{text}");
        }
    }

    #[test]
    fn queries_that_postgresql_takes_are_taken() {
        for text in [
            "values (1), (2) order by 1 fetch first 1 row with ties;",
            "table only shop.orders",
            "((select 1) union all (select 2)) except select 3",
            "with recursive t(n) as materialized (values (1) union select n + 1 from t) search depth first by n set o cycle n set c using p select * from t",
            "with d as (delete from t returning *), i as (insert into u select * from d on conflict do nothing returning a) select * from i",
            "select distinct on (a) a, b as select, c \"D\" from t as x(a, b) tablesample bernoulli (1) repeatable (2) where b group by grouping sets ((a), cube (b), ()), rollup (c) having true window w as (order by a) limit all offset 1 rows for no key update of x skip locked",
            "select * from rows from (f(1) as (a int, b text), g()) with ordinality as r, lateral (select 1) l natural left join m cross join n full join o using (p) as q",
            "select * from json_table(a, '$[*]' columns (id for ordinality, b int path '$.b' default 0 on empty, nested path '$.c' columns (d text)))",
            "select * from xmltable(xmlnamespaces('x' as y), '/a' passing b columns c int path 'd' not null, e for ordinality)",
            "select from t",
            "select a.*, (a).b, a[1], count(*) over w from t a window w as (partition by b groups between unbounded preceding and 1 following exclude ties)",
        ] {
            assert_eq!(check(text, &Grammar::Query), None, "{text}");
        }
    }

    #[test]
    fn bodies_are_checked_as_far_as_is_sure() {
        let sql = Grammar::Body("sql".to_owned());
        assert_eq!(check("", &sql), None);
        assert_eq!(check("insert into t values ($1) returning a; select 1;", &sql), None);
        assert_eq!(
            refused("select 1 form nowhere wher x", &sql),
            "syntax error near `nowhere`: missing comma [nowhere]"
        );
        assert_eq!(check("begin select a into b from t; end", &Grammar::Body("PLpgSQL".to_owned())), None);
        assert_eq!(refused("begin perform f(; end", &Grammar::Body("plpgsql".to_owned())), "`(` is never closed [(]");
        assert_eq!(check("return 'it\\'s'", &Grammar::Body("plpython3u".to_owned())), None);
    }
}
