//! Checks what needs no database: references that lead nowhere, and each kind's own checks.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::ops::Range;

use rustc_hash::FxHashMap;

use super::yaml;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Problem, Sources, Span};
use crate::kind::names::Names;
use crate::kind::{Entry, RELATION, ROUTINE, Reference, References, Slot, TYPE, Text, find};
use crate::model::suggest::{did_you_mean, suggest};
use crate::model::{Address, Object, Origin, State};
use crate::sql::grammar::{self, Grammar};
use crate::sql::types;

/// The addresses of objects that are declared but could not be read.
pub type Broken = HashSet<Address>;

/// Checks every object, and returns the problems.
///
/// Threads share the objects and look for those with problems. Only these, which are few, are then checked in order.
pub fn check(state: &State, broken: &Broken, register: &'static [Entry], sources: &Sources) -> Diagnostics {
    let names = Names::of(state, register);
    let may_clash = names.are_shared_within(|slot| slot != ROUTINE);
    let mut problems = if may_clash { clashes(state, register) } else { Diagnostics::default() };
    let checks = Checks { state, broken, names: &names, register, sources };
    let has_problems = |sound: &mut Sound, at: &Address, object: &Object| {
        let mut problems = Diagnostics::default();
        checks.object(at, object, sound, &mut problems);
        !problems.is_empty()
    };
    let mut sound = Sound::default();
    for (at, object) in state.sift(Sound::default, has_problems) {
        checks.object(at, object, &mut sound, &mut problems);
    }
    problems
}

/// Texts found sound, with the columns that they name once those were looked for. Many defaults and checks have the same text,
/// which is parsed once.
type Sound = FxHashMap<Grammar, FxHashMap<String, OnceCell<Columns>>>;

/// The words of an expression that name columns, and where they are.
type Columns = Vec<(String, Range<usize>)>;

/// What objects are checked against.
struct Checks<'a> {
    state: &'a State,
    broken: &'a Broken,
    names: &'a Names,
    register: &'static [Entry],
    sources: &'a Sources,
}

impl Checks<'_> {
    /// Checks one object.
    fn object(&self, at: &Address, object: &Object, sound: &mut Sound, problems: &mut Diagnostics) {
        let Self { state, broken, names, register, sources } = *self;
        let entry = find(register, at.kind());
        let mut references = References::default();
        (entry.references)(&*object.spec, at, &mut references);
        for (reference, field) in references.list {
            if let Some((problem, word)) = dangling(&reference, at, state, broken, names, register) {
                place(problem, object, field, &word, sources, problems);
            }
        }
        for text in references.texts {
            if let Some(problem) = unsound(&text, sound).or_else(|| unknown_column(&text, sound, state, broken)) {
                place_text(problem, object, &text, sources, problems);
            }
        }
        if !broken.contains(at) {
            for (problem, field) in (entry.check)(&*object.spec, at, state) {
                place(problem, object, field, "", sources, problems);
            }
        }
    }
}

/// Reports objects that share a name in a namespace of PostgreSQL, such as a table and an index.
fn clashes(state: &State, register: &'static [Entry]) -> Diagnostics {
    let mut seen: FxHashMap<(Slot, &str, &str), &Address> = FxHashMap::default();
    let mut problems = Diagnostics::default();
    for (at, object) in state.iter() {
        for slot in find(register, at.kind()).rules.slots.iter().filter(|s| **s != ROUTINE) {
            let Some(first) = seen.insert((*slot, at.top().key(), at.key()), at) else { continue };
            let message = format!("{at} has the name of {first}");
            let mut problem = Diagnostic::new(Code::Duplicate, message)
                .help(format!("give one of them another name: a schema holds each name of a {} once", slot.0));
            let spans = [object.origin.span(), state.get(first).and_then(|o| o.origin.span())];
            for (span, text) in spans.into_iter().zip(["again here", "first declared here"]) {
                problem = span.map_or_else(|| problem.clone(), |span| problem.clone().label(span, text));
            }
            problems.push(problem);
            break;
        }
    }
    problems
}

/// Returns the problem with a reference that leads nowhere, and the word that names the missing object.
fn dangling(
    reference: &Reference,
    from: &Address,
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
            Some((undeclared(at, state), at.key().to_owned()))
        }
        Reference::Name { slot, schema: Some(schema), name } => {
            if !names.at(*slot, schema, name).is_empty() {
                return None;
            }
            let declared = any_top(state, register, |entry, key| entry.rules.space && key == schema);
            let opaque = any_top(state, register, |entry, _| entry.rules.opaque);
            if !declared || opaque {
                return None;
            }
            let message = format!("{} `{schema}.{name}` is not declared", slot.0);
            let help = did_you_mean(name, &names.candidates(*slot, schema));
            Some((Problem::new(Code::Dangling, message).help(help), name.clone()))
        }
        Reference::Name { slot, schema: None, name } if [RELATION, TYPE].contains(slot) => {
            let known = |schema: &str| !names.at(*slot, schema, name).is_empty();
            let home = Some(from.top().key()).filter(|schema| known(schema));
            let schema = home.or_else(|| state.tops().map(Address::key).find(|schema| known(schema)));
            let Some(schema) = schema else {
                return (*slot == TYPE).then(|| (no_type(name), name.clone()));
            };
            let message = format!("{} `{name}` without its schema", slot.0);
            let help = format!("write `{schema}.{name}`: the statements of a plan run with an empty search path");
            Some((Problem::new(Code::Dangling, message).help(help), name.clone()))
        }
        Reference::Perhaps(_) | Reference::Name { schema: None, .. } | Reference::Text(_) => None,
    }
}

fn undeclared(at: &Address, state: &State) -> Problem {
    let help = match siblings(state, at).as_slice() {
        [] => format!("declare {at}"),
        list => did_you_mean(at.key(), list),
    };
    Problem::new(Code::Dangling, format!("{at} is not declared")).help(help)
}

/// The columns of every table that are not declared. See <https://www.postgresql.org/docs/current/ddl-system-columns.html>.
const SYSTEM_COLUMNS: [&str; 6] = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

/// Returns the problem with a text that is not what it must be; else `sound` knows it.
fn unsound(text: &Text, sound: &mut Sound) -> Option<Problem> {
    if sound.get(&text.grammar).is_some_and(|texts| texts.contains_key(&text.text)) {
        return None;
    }
    let Some(fault) = grammar::check(&text.text, &text.grammar) else {
        sound.entry(text.grammar.clone()).or_default().insert(text.text.clone(), OnceCell::new());
        return None;
    };
    Some(Problem::new(Code::Sql, fault.message).help(fault.help).within(fault.range.start, fault.range.end))
}

/// Returns the problem with the first word of a sound expression that should be a column of its table and is none.
fn unknown_column(text: &Text, sound: &Sound, state: &State, broken: &Broken) -> Option<Problem> {
    let (table, kind) = text.columns.as_ref()?;
    if broken.contains(table) || table.ancestors().any(|above| broken.contains(above)) {
        return None;
    }
    let is_unknown = |name: &str| {
        let column = table.child(*kind, name);
        !(state.contains(&column) || broken.contains(&column) || name == table.key() || SYSTEM_COLUMNS.contains(&name))
    };
    let columns = sound.get(&text.grammar)?.get(&text.text)?.get_or_init(|| grammar::columns(&text.text));
    let (name, range) = columns.iter().find(|(name, _)| is_unknown(name))?;
    Some(undeclared(&table.child(*kind, name), state).within(range.start, range.end))
}

/// Returns the problem with a type that is not PostgreSQL's own and has no schema.
fn no_type(name: &str) -> Problem {
    let help = match suggest(name, types::OWN.iter().copied()) {
        Some(near) => {
            format!("did you mean `{near}`? A type of an extension is written with its schema: `public.{name}`")
        }
        None => format!("write it with its schema: `public.{name}`"),
    };
    Problem::new(Code::Dangling, format!("PostgreSQL has no type `{name}`")).help(help)
}

/// Returns whether `test` holds for the kind and key of any top-level object.
fn any_top(state: &State, register: &'static [Entry], test: impl Fn(&Entry, &str) -> bool) -> bool {
    state.tops().any(|at| test(find(register, at.kind()), at.key()))
}

fn siblings<'a>(state: &'a State, at: &Address) -> Vec<&'a str> {
    let all = at.parent().map_or_else(|| state.tops().collect(), |parent| state.children(parent));
    let mut list: Vec<&str> = all.into_iter().filter(|a| a.kind() == at.kind()).map(Address::key).collect();
    list.sort_unstable();
    list
}

fn place(problem: Problem, object: &Object, field: &str, word: &str, sources: &Sources, out: &mut Diagnostics) {
    let derived = matches!(object.origin, Origin::Derived(_));
    if derived && out.iter().any(|d| d.problem == problem) {
        return; // said where it is declared
    }
    match object.origin.field(field).or_else(|| object.origin.span()) {
        Some(span) => out.push(problem.at(narrow(span, word, sources), "")),
        None => out.push(problem),
    }
}

/// Reports a problem inside a text that is the value of a field, or part of it.
fn place_text(problem: Problem, object: &Object, text: &Text, sources: &Sources, out: &mut Diagnostics) {
    if matches!(object.origin, Origin::Derived(_)) {
        return;
    }
    let (start, end) = problem.within.unwrap_or((0, text.text.len()));
    match text_place(object, text, start, end, sources) {
        Some(place) => out.push(problem.at(place, "")),
        None => out.push(problem),
    }
}

/// Returns the span of bytes `start..end` of a text that is the value of an object's field, or part of it.
pub(super) fn text_place(object: &Object, text: &Text, start: usize, end: usize, sources: &Sources) -> Option<Span> {
    let span = object.origin.field(text.field).or_else(|| object.origin.span())?;
    let source = &sources.get(span.file).text;
    let (from, to) = (span.start as usize, (span.end as usize).min(source.len()));
    let found = source.get(from..to).and_then(|scalar| scalar.rfind(&text.text)).filter(|_| !text.text.is_empty());
    Some(match found {
        Some(offset) => part(span, from + offset + start, from + offset + end),
        None => match yaml::unquoted(source, span).and_then(|whole| Some((whole.find(&text.text)?, whole))) {
            Some((offset, whole)) => yaml::locate(source, span, &whole, offset + start, offset + end),
            None => yaml::locate(source, span, &text.text, start, end),
        },
    })
}

/// Returns the first occurrence of `word` inside a span, preferably as a whole word; the span itself if there is none.
fn narrow(span: Span, word: &str, sources: &Sources) -> Span {
    let text = &sources.get(span.file).text;
    let (start, end) = (span.start as usize, (span.end as usize).min(text.len()));
    let Some(inside) = text.get(start..end).filter(|_| !word.is_empty()) else { return span };
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    let whole =
        |(at, _): &(usize, &str)| !inside[..*at].ends_with(letter) && !inside[*at + word.len()..].starts_with(letter);
    let found = inside.match_indices(word).find(whole).map(|(at, _)| at).or_else(|| inside.find(word));
    found.map_or(span, |at| part(span, start + at, start + at + word.len()))
}

fn part(span: Span, start: usize, end: usize) -> Span {
    let number = |n: usize| u32::try_from(n).unwrap_or(span.end);
    Span { file: span.file, start: number(start), end: number(end) }
}
