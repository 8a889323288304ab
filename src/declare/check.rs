//! What can be checked without a database: references that lead nowhere, and what kinds check themselves.

use std::collections::HashSet;

use crate::diagnostic::{Code, Diagnostics, Problem, Sources, Span};
use crate::kind::names::Names;
use crate::kind::{Entry, Reference, References, find};
use crate::model::suggest::did_you_mean;
use crate::model::{Address, Object, State};

/// The addresses of what was written and could not be read.
pub type Broken = HashSet<Address>;

/// Checks every object.
pub fn check(state: &State, broken: &Broken, register: &'static [Entry], sources: &Sources) -> Diagnostics {
    let names = Names::of(state, register);
    let mut problems = Diagnostics::default();
    for (at, object) in state.iter() {
        let entry = find(register, at.kind());
        let mut references = References::default();
        (entry.references)(&*object.spec, at, &mut references);
        for (reference, field) in references.list {
            if let Some((problem, word)) = dangling(&reference, state, broken, &names, register) {
                place(problem, object, field, &word, sources, &mut problems);
            }
        }
        for (problem, field) in (entry.check)(&*object.spec, at, state) {
            place(problem, object, field, "", sources, &mut problems);
        }
    }
    problems
}

/// The problem with a reference, and the word that names what is missing.
fn dangling(
    reference: &Reference,
    state: &State,
    broken: &Broken,
    names: &Names,
    register: &'static [Entry],
) -> Option<(Problem, String)> {
    match reference {
        Reference::Object(at) => {
            let known = state.contains(at) || broken.contains(at) || at.ancestors().any(|a| broken.contains(a));
            if known || (find(register, at.kind()).builtin)(at.key()) {
                return None;
            }
            let siblings = siblings(state, at);
            let help = match siblings.as_slice() {
                [] => format!("declare {at}"),
                list => did_you_mean(at.key(), list),
            };
            Some((Problem::new(Code::Dangling, format!("{at} is not declared")).help(help), at.key().to_owned()))
        }
        Reference::Name { slot, schema: Some(schema), name } => {
            let declared = any_top(state, register, |entry, key| entry.rules.space && key == schema);
            let opaque = any_top(state, register, |entry, _| entry.rules.opaque);
            if !declared || opaque || !names.at(*slot, schema, name).is_empty() {
                return None;
            }
            let message = format!("{} `{schema}.{name}` is not declared", slot.0);
            let help = did_you_mean(name, &names.candidates(*slot, schema));
            Some((Problem::new(Code::Dangling, message).help(help), name.clone()))
        }
        Reference::Name { schema: None, .. } | Reference::Text(_) => None,
    }
}

/// True when an object at the top is as `test` says of its kind and key.
fn any_top(state: &State, register: &'static [Entry], test: impl Fn(&Entry, &str) -> bool) -> bool {
    state.iter().any(|(at, _)| at.parent().is_none() && test(find(register, at.kind()), at.key()))
}

fn siblings<'a>(state: &'a State, at: &Address) -> Vec<&'a str> {
    let mut list: Vec<&str> = match at.parent() {
        Some(parent) => {
            state.children(parent).into_iter().filter(|a| a.kind() == at.kind()).map(Address::key).collect()
        }
        None => state
            .iter()
            .map(|(a, _)| a)
            .filter(|a| a.parent().is_none() && a.kind() == at.kind())
            .map(Address::key)
            .collect(),
    };
    list.sort_unstable();
    list
}

fn place(problem: Problem, object: &Object, field: &str, word: &str, sources: &Sources, out: &mut Diagnostics) {
    match object.origin.field(field).or_else(|| object.origin.span()) {
        Some(span) => out.push(problem.at(narrow(span, word, sources), "")),
        None => out.push(problem),
    }
}

/// The first place of `word` inside a span, else the span.
fn narrow(span: Span, word: &str, sources: &Sources) -> Span {
    let text = &sources.get(span.file).text;
    let (start, end) = (span.start as usize, (span.end as usize).min(text.len()));
    match text.get(start..end).and_then(|t| t.find(word)).filter(|_| !word.is_empty()) {
        Some(offset) => {
            let at = |n: usize| u32::try_from(n).unwrap_or(span.end);
            Span { file: span.file, start: at(start + offset), end: at(start + offset + word.len()) }
        }
        None => span,
    }
}
