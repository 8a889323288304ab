//! A column's short form: what follows its name in `create table`.

use super::Column;
use super::identity::{Identity, Mode};
use crate::diagnostic::{Code, Problem};
use crate::kinds::part::{QualifiedName, SequenceOptions, Sql, TypeName};
use crate::sql::{self, Token};

/// Words that end an expression and begin a clause.
const CLAUSES: [&str; 9] =
    ["not", "null", "default", "collate", "identity", "generated", "storage", "compression", "constraint"];

/// Parses `bigint not null default 0`.
pub fn read(text: &str) -> Result<Column, Problem> {
    let tokens = sql::tokens(text);
    if let Some(open) = unclosed(&tokens) {
        return Err(Problem::new(Code::Sql, "`(` is never closed")
            .help("close it with `)`")
            .within(open.start, open.end()));
    }
    if let Some(first) = tokens.first().filter(|t| CLAUSES.iter().any(|c| t.is_word(c))) {
        let help = "write the type first: `bigint not null`";
        return Err(Problem::new(Code::Sql, "a data type is missing").help(help).within(first.start, first.end()));
    }
    let (data_type, taken) = TypeName::parse_front(&tokens, text)?;
    let mut column = Column::of_type(data_type);
    let mut at = taken;
    while let Some(token) = tokens.get(at) {
        at += clause(&mut column, *token, &tokens[at..], text)?;
    }
    Ok(column)
}

/// Returns the last opening parenthesis that is never closed.
fn unclosed<'t>(tokens: &[Token<'t>]) -> Option<Token<'t>> {
    let mut open = Vec::new();
    for token in tokens {
        if token.is("(") {
            open.push(*token);
        } else if token.is(")") {
            open.pop();
        }
    }
    open.pop()
}

/// Parses one clause and returns the number of tokens it took.
fn clause(column: &mut Column, token: Token<'_>, rest: &[Token<'_>], text: &str) -> Result<usize, Problem> {
    let word = |i: usize, w: &str| rest.get(i).is_some_and(|t| t.is_word(w));
    if word(0, "not") && word(1, "null") {
        column.not_null = true;
        return Ok(2);
    }
    if word(0, "null") {
        return Ok(1);
    }
    if word(0, "default") {
        let end = expression_end(&rest[1..]);
        column.default = Some(slice(text, &rest[1..=end]).ok_or_else(|| empty("default", token))?);
        return Ok(1 + end);
    }
    if word(0, "collate") {
        let end = rest[1..]
            .iter()
            .step_by(2)
            .zip(rest[1..].iter().skip(1).step_by(2).map(Some).chain([None]))
            .take_while(|(_, dot)| dot.is_some_and(|d| d.is(".")))
            .count()
            * 2
            + 1;
        let name = slice(text, rest.get(1..=end).unwrap_or_default()).ok_or_else(|| empty("collate", token))?;
        column.collation = Some(QualifiedName::parse(name.as_str())?);
        return Ok(1 + end);
    }
    if word(0, "identity") {
        column.identity = Some(Identity::default());
        return Ok(1);
    }
    if word(0, "generated") {
        return generated(column, rest, text);
    }
    Err(unknown(token))
}

/// Parses `generated always as identity (…)` or `generated always as (…) stored`.
fn generated(column: &mut Column, rest: &[Token<'_>], text: &str) -> Result<usize, Problem> {
    let word = |i: usize, w: &str| rest.get(i).is_some_and(|t| t.is_word(w));
    let (mode, at) = match (word(1, "always"), word(1, "by") && word(2, "default")) {
        (true, _) => (Mode::Always, 2),
        (_, true) => (Mode::ByDefault, 3),
        (false, false) => return Err(unknown(rest[0])),
    };
    if !word(at, "as") {
        return Err(unknown(rest[0]));
    }
    let at = at + 1;
    if word(at, "identity") {
        let (options, taken) = identity_options(&rest[at + 1..])?;
        column.identity = Some(Identity { mode, options });
        return Ok(at + 1 + taken);
    }
    let close = brackets(&rest[at..]).ok_or_else(|| empty("generated always as", rest[0]))?;
    column.generated = slice(text, &rest[at + 1..at + close - 1]);
    column.stored = word(at + close, "stored");
    let tail = usize::from(column.stored || word(at + close, "virtual"));
    Ok(at + close + tail)
}

/// Parses `(start with 10 increment by 5)`.
fn identity_options(rest: &[Token<'_>]) -> Result<(SequenceOptions, usize), Problem> {
    let mut options = SequenceOptions::default();
    let Some(close) = brackets(rest) else { return Ok((options, 0)) };
    let mut words = rest[1..close - 1].iter().filter(|t| !t.is_word("with") && !t.is_word("by")).peekable();
    while let Some(token) = words.next() {
        let mut number = || {
            let negative = words.next_if(|t| t.is("-")).is_some();
            let found = words.next();
            let value: i64 = found.and_then(|t| t.text.parse().ok()).ok_or_else(|| {
                let place = found.unwrap_or(token);
                Problem::new(Code::Sql, format!("`{}` takes a whole number", token.text))
                    .help("write one as in `start with 10`")
                    .within(place.start, place.end())
            })?;
            Ok::<_, Problem>(Some(if negative { -value } else { value }))
        };
        match token.name().as_deref() {
            Some("start") => options.start = number()?,
            Some("increment") => options.increment = number()?,
            Some("minvalue") => options.min = number()?,
            Some("maxvalue") => options.max = number()?,
            Some("cache") => options.cache = number()?,
            Some("cycle") => options.cycle = true,
            _ => return Err(unknown(*token)),
        }
    }
    Ok((options, close))
}

/// Returns the number of tokens of the parenthesised group at the front.
fn brackets(rest: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0_i32;
    for (i, token) in rest.iter().enumerate() {
        depth += i32::from(token.is("(")) - i32::from(token.is(")"));
        if depth == 0 {
            return token.is(")").then_some(i + 1);
        }
    }
    None
}

/// Returns the index at which an expression ends: at the next clause outside of parentheses.
fn expression_end(rest: &[Token<'_>]) -> usize {
    let mut depth = 0_i32;
    for (i, token) in rest.iter().enumerate() {
        depth += i32::from(token.is("(")) - i32::from(token.is(")"));
        let null_value = i == 0 && token.is_word("null");
        let starts = token.name().is_some_and(|n| CLAUSES.contains(&n.as_str())) && !token.text.starts_with('"');
        if depth == 0 && i > 0 && starts && !null_value {
            return i;
        }
    }
    rest.len()
}

fn slice(text: &str, tokens: &[Token<'_>]) -> Option<Sql> {
    let (first, last) = (tokens.first()?, tokens.last()?);
    Some(Sql::new(&text[first.start..last.end()]))
}

fn empty(clause: &str, token: Token<'_>) -> Problem {
    Problem::new(Code::Sql, format!("nothing follows `{clause}`"))
        .help("write what belongs there, or remove the word")
        .within(token.start, token.end())
}

fn unknown(token: Token<'_>) -> Problem {
    let problem = Problem::new(Code::Sql, format!("`{}` is no part of a column's short form", token.text))
        .within(token.start, token.end());
    let help = match token.name().as_deref() {
        Some("not") => "write `not null`",
        Some("primary") => "write `primary_key: [column]` on the table",
        Some("unique") => "write `unique: { name: [column] }` on the table",
        Some("references") => "write `foreign_keys:` on the table",
        Some("check") => "write `checks: { name: expression }` on the table",
        _ => {
            "write a type, then any of `not null`, `default …`, `collate …`, `identity`, `generated always as (…) stored`"
        }
    };
    problem.help(help)
}

/// Writes the short form, if that can express the whole column.
pub fn write(column: &Column) -> Option<String> {
    let Column {
        data_type,
        not_null,
        collation,
        default,
        identity,
        generated,
        stored,
        storage,
        compression,
        statistics,
        live_storage: _,
        live_sequence: _,
        options,
        inherited: _,
        live_own_not_null: _,
    } = column;
    let long = data_type.is_absent() || !options.is_empty();
    if long || storage.is_some() || compression.is_some() || statistics.is_some() || (generated.is_some() && !stored) {
        return None;
    }
    let mut text = data_type.to_string();
    if let Some(collation) = collation {
        text += &format!(" collate {collation}");
    }
    if let Some(generated) = generated {
        text += &format!(" generated always as ({generated}) stored");
    }
    match identity {
        Some(identity) if *identity == Identity::default() => text += " identity",
        Some(identity) => text += &format!(" {}", identity.definition(None)),
        None => {}
    }
    if *not_null && identity.is_none() {
        text += " not null";
    }
    if let Some(default) = default {
        text += &format!(" default {default}");
    }
    (read(&text).ok().as_ref().map(|c| Column { not_null: c.not_null || c.identity.is_some(), ..c.clone() })
        == Some(column.clone()))
    .then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_read_as_psql_would() {
        for (text, back) in [
            ("bigint identity", "bigint identity"),
            ("int8 NOT NULL default 0", "bigint not null default 0"),
            ("varchar(5) default 'a b' not null", "character varying(5) not null default 'a b'"),
            ("text collate \"C\" default null", "text collate \"C\" default null"),
            ("text collate pg_catalog.\"C\" not null", "text collate \"C\" not null"),
            (
                "numeric(12,2) generated always as (total * (1 + 0.2)) stored",
                "numeric(12,2) generated always as (total * (1 + 0.2)) stored",
            ),
            (
                "int generated by default as identity (start with 10 increment by -5)",
                "integer generated by default as identity (increment by -5 start with 10)",
            ),
            ("boolean default (a is not null) not null", "boolean not null default (a is not null)"),
        ] {
            let mut column = read(text).expect(text);
            column.not_null |= column.identity.is_some();
            assert_eq!(write(&column).as_deref(), Some(back));
        }
    }

    #[test]
    fn what_belongs_to_the_table_says_where() {
        let problem = read("bigint primary key").unwrap_err();
        assert_eq!(problem.within, Some((7, 14)));
        assert_eq!(problem.help.as_deref(), Some("write `primary_key: [column]` on the table"));
    }
}
