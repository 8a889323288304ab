//! Traces an error of the server to the word in the YAML that caused it.
//!
//! A statement is composed of texts from the YAML. If the error's position is within one of them, or its message quotes
//! a name that occurs in one, that is the place. Otherwise the line of the statement tells which child of the object it
//! is about.

use crate::diagnostic::{Diagnostic, Label, Sources, Span, Statement};
use crate::kind::{Entry, References, Text, find};
use crate::model::{Address, Object, State};
use crate::sql;

use super::check::text_place;

/// Moves the label of an error from the object at `at` to the word that caused it, if that is found.
pub fn pinpoint(
    diagnostic: &mut Diagnostic,
    at: &Address,
    state: &State,
    register: &'static [Entry],
    sources: &Sources,
) {
    let Some(statement) = &diagnostic.statement else { return };
    let family: Vec<(&Address, &Object)> =
        state.iter().filter(|(other, _)| *other == at || other.parent() == Some(at)).collect();
    let texts: Vec<(&Object, Text)> = family
        .iter()
        .flat_map(|(at, object)| {
            let mut references = References::default();
            (find(register, at.kind()).references)(&*object.spec, at, &mut references);
            references.texts.into_iter().map(|text| (*object, text))
        })
        .collect();
    let found = in_text(statement, &texts, sources)
        .or_else(|| named(&diagnostic.problem.message, &texts, sources))
        .or_else(|| on_line(statement, at, &family));
    if let Some(span) = found {
        let label = Label { span, text: "asked for here".to_owned() };
        match diagnostic.labels.first_mut() {
            Some(first) => *first = label,
            None => diagnostic.labels.push(label),
        }
    }
}

/// Returns the span of the word in the YAML that the error's position falls on.
fn in_text(statement: &Statement, texts: &[(&Object, Text)], sources: &Sources) -> Option<Span> {
    let position = statement.position?;
    texts.iter().filter(|(_, text)| !text.text.is_empty()).find_map(|(object, text)| {
        let covers = |start: &usize| (*start..*start + text.text.len()).contains(&position);
        let start = statement.sql.match_indices(&text.text).map(|(start, _)| start).find(covers)?;
        let word = sql::tokens(&text.text).into_iter().find(|t| t.end() > position - start)?;
        text_place(object, text, word.start, word.end(), sources)
    })
}

/// Returns the span of the name that the message has in quotes: `column "totl" does not exist`.
fn named(message: &str, texts: &[(&Object, Text)], sources: &Sources) -> Option<Span> {
    let name = message.split('"').nth(1)?;
    texts.iter().find_map(|(object, text)| {
        let word = sql::tokens(&text.text).into_iter().find(|t| t.name().as_deref() == Some(name))?;
        text_place(object, text, word.start, word.end(), sources)
    })
}

/// Returns the span of the child whose name begins the line of the statement in which the error is.
fn on_line(statement: &Statement, at: &Address, family: &[(&Address, &Object)]) -> Option<Span> {
    let position = statement.position?;
    let start = statement.sql.get(..position)?.rfind('\n')? + 1;
    let first = sql::tokens(statement.sql[start..].lines().next()?).first()?.name()?;
    let (_, object) = family.iter().find(|(other, _)| other.parent() == Some(at) && other.key() == first)?;
    object.origin.span()
}
