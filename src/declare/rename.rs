//! Renames an object in the files: its key, whatever names it, and `was:`, so that a plan renames it too.
//!
//! References tell what names it. In SQL text, names are followed as PostgreSQL follows them: qualified by the schema,
//! or next to the object in the same table. The result must be as valid as the project was before.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::adopt::Page;
use super::check::text_place;
use super::edit::locate;
use super::graft::graft;
use super::project::{Project, Reading, read_over};
use super::raise::list_item;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Result, Sources, Span};
use crate::kind::names::Names;
use crate::kind::{Entry, Form, Reference, References, Renaming, Text, find};
use crate::model::node::{Key, Node, Value};
use crate::model::{Address, Object, Origin};
use crate::sql::grammar::Grammar;

/// What to rename, and in which project.
pub struct Request<'a> {
    /// The project, which has no problems.
    pub project: &'a Project,
    /// The files or directories that the project was read from, if they were named.
    pub explicit: &'a [PathBuf],
    /// The directory that the project was read from.
    pub directory: &'a Path,
    /// How it was read.
    pub reading: &'a Reading,
    /// The texts that are not saved yet.
    pub unsaved: &'a BTreeMap<PathBuf, String>,
    /// The object to rename.
    pub at: &'a Address,
    /// The new name.
    pub name: &'a str,
    /// The register of kinds.
    pub register: &'static [Entry],
}

/// New texts by file, start and end.
type Edits = BTreeMap<(u32, u32, u32), String>;

/// Returns an object's name without argument types.
pub fn bare<'a>(entry: &Entry, at: &'a Address) -> &'a str {
    entry.rules.slots.first().map_or(at.key(), |slot| slot.bare(at.key()))
}

/// Returns the span of the name in the key of an object.
///
/// # Errors
/// If the object cannot be renamed, or its name needs quotes in YAML or SQL.
pub fn place(project: &Project, at: &Address, register: &'static [Entry]) -> Result<Span> {
    let entry = find(register, at.kind());
    let refuse = |why: &str| {
        let help = "rename it by hand: give it its new key, and `was:` with the old one";
        Box::new(Diagnostic::new(Code::Refused, format!("{at} {why}")).help(help))
    };
    if !entry.rules.renames {
        return Err(refuse("can't be renamed"));
    }
    let Some(Origin::File(place)) = project.state.get(at).map(|object| &object.origin) else {
        return Err(refuse("has no key of its own"));
    };
    let name = bare(entry, at);
    let start = [place.key, place.value].into_iter().flat_map(|span| words(span, name, &project.sources)).next();
    start.filter(|_| is_plain(name)).ok_or_else(|| refuse("has a name that is not written plainly"))
}

/// Renames the object. Returns the files that change, with their new texts.
///
/// # Errors
/// If the name is taken or needs quotes, or the project would become invalid.
pub fn rename(request: &Request<'_>) -> Result<Vec<(PathBuf, String)>, Diagnostics> {
    let Request { project, at, name, register, .. } = *request;
    let entry = find(register, at.kind());
    let own = place(project, at, register)?;
    if !is_plain(name) {
        let problem = Diagnostic::new(Code::Usage, format!("`{name}` is no name that stands for itself"));
        return Err(problem.help("a name is lower-case letters, digits and `_`, and begins with no digit").into());
    }
    let key = format!("{name}{}", &at.key()[bare(entry, at).len()..]);
    let to = at.parent().map_or_else(|| Address::root(at.kind(), &key), |parent| parent.child(at.kind(), &key));
    if project.state.contains(&to) {
        return Err(Diagnostic::new(Code::Duplicate, format!("{to} is declared already")).into());
    }
    let mut edits = Edits::new();
    put(&mut edits, own, name);
    note_uses(request, &to, &mut edits);
    let texts = edited(project, &edits);
    let project = read(request, &texts)?;
    remember(request, &project, &to, texts)
}

/// Returns whether a name needs no quotes in YAML nor in SQL.
fn is_plain(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c == '_';
    name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit()) && crate::sql::ident(name) == name
}

fn put(edits: &mut Edits, span: Span, text: &str) {
    edits.insert((span.file.0, span.start, span.end), text.to_owned());
}

/// Records an edit for every place in the files that names the object.
fn note_uses(request: &Request<'_>, to: &Address, edits: &mut Edits) {
    let Request { project, at, register, .. } = *request;
    let names = Names::of(&project.state, register);
    let rules = &find(register, at.kind()).rules;
    for (user, object) in project.state.iter() {
        let Origin::File(place) = &object.origin else { continue };
        let key = &place.key;
        // A child may be declared elsewhere, under a key that names the object: the grants of a role.
        let source = &project.sources.get(key.file).text;
        if user.is_within(at) && source.get(key.start as usize..key.end as usize) != Some(user.key()) && user != at {
            uses(request, *key, edits);
        }
        let mut references = References::default();
        (find(register, user.kind()).references)(&*object.spec, user, &mut references);
        for (reference, field) in &references.list {
            if let Reference::Text(text) = reference {
                let renaming = Renaming::new(user, at, to, rules);
                for (range, new) in renaming.changes(text) {
                    let text = Text { text: text.clone(), grammar: Grammar::Expression, field, columns: None };
                    let place = text_place(object, &text, range.start, range.end, &project.sources);
                    if let Some(place) = place {
                        put(edits, place, &new);
                    }
                }
            } else if names.resolve(reference, user).iter().any(|used| used.is_within(at))
                && let Some(span) = field_of(object, field)
            {
                uses(request, span, edits);
            }
        }
    }
}

fn field_of(object: &Object, field: &str) -> Option<Span> {
    object.origin.field(field).or_else(|| object.origin.span())
}

/// Records an edit for every place inside a span that names the object.
fn uses(request: &Request<'_>, span: Span, edits: &mut Edits) {
    let Request { project, at, name, register, .. } = *request;
    let entry = find(register, at.kind());
    let source = &project.sources.get(span.file).text;
    for place in words(span, bare(entry, at), &project.sources) {
        let before = &source[..place.start as usize];
        let after = &source[place.end as usize..];
        let qualified = before.ends_with(&format!("{}.", at.top().key()));
        let it = match (at.parent(), entry.rules.slots) {
            (None, _) => !before.ends_with('.'),
            (Some(_), []) => !before.ends_with('.') && !after.starts_with(['.', '(']),
            (Some(_), _) => qualified || !before.ends_with('.') && !after.starts_with('.'),
        };
        if it {
            put(edits, place, name);
        }
    }
}

/// Returns the places inside a span where `word` occurs as a whole word.
fn words(span: Span, word: &str, sources: &Sources) -> Vec<Span> {
    let source = &sources.get(span.file).text;
    let (start, end) = (span.start as usize, (span.end as usize).min(source.len()));
    let Some(inside) = source.get(start..end).filter(|_| !word.is_empty()) else { return Vec::new() };
    let letter = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let whole = |at: usize| !inside[..at].ends_with(letter) && !inside[at + word.len()..].starts_with(letter);
    let number = |n: usize| u32::try_from(n).unwrap_or(span.end);
    let places = inside.match_indices(word).map(|(at, _)| at).filter(|at| whole(*at));
    places.map(|at| Span { start: number(start + at), end: number(start + at + word.len()), ..span }).collect()
}

/// Returns the edited texts, by path.
fn edited(project: &Project, edits: &Edits) -> BTreeMap<PathBuf, String> {
    let mut texts = BTreeMap::new();
    // From the end, so that no position moves before it is used.
    for ((file, start, end), new) in edits.iter().rev() {
        let source = project.sources.get(crate::diagnostic::FileId(*file));
        let text = texts.entry(source.path.clone()).or_insert_with(|| source.text.to_string());
        text.replace_range(*start as usize..*end as usize, new);
    }
    texts
}

/// Reads the project with these texts, and fails if it has a problem.
fn read(request: &Request<'_>, texts: &BTreeMap<PathBuf, String>) -> Result<Project, Diagnostics> {
    let unsaved = request.unsaved.iter().chain(texts).map(|(path, text)| (path.clone(), text.clone()));
    let sources = Sources::relative_to(request.directory).unsaved(unsaved);
    let (project, problems) =
        read_over(sources, request.explicit, request.directory, request.reading, request.register);
    let Some(first) = problems.iter().next() else { return Ok(project) };
    let message = format!("{} can't be renamed everywhere: {}", request.at, first.problem.message);
    Err(Diagnostic::new(Code::Refused, message).help("rename it by hand, or change what names it first").into())
}

/// Adds `was:` to the renamed object.
fn remember(
    request: &Request<'_>,
    project: &Project,
    to: &Address,
    mut texts: BTreeMap<PathBuf, String>,
) -> Result<Vec<(PathBuf, String)>, Diagnostics> {
    let lost = || Diagnostic::new(Code::Internal, format!("{to} is not where it was renamed"));
    let object = project.state.get(to).ok_or_else(lost)?;
    let Origin::File(place) = &object.origin else { return Err(lost().into()) };
    let (key, value) = (place.key, place.value);
    let mut page = Page::read(value.file, &project.sources).ok_or_else(lost)?;
    let node = locate(&mut page.root, key, value).ok_or_else(lost)?;
    let was = (Key::from("was"), Node::text(request.at.key()));
    *node = match &node.value {
        Value::Map(entries) => {
            let others = entries.iter().filter(|(key, _)| &*key.text != "was").cloned();
            Node { value: Value::Map(std::iter::once(was).chain(others).collect()), span: node.span }
        }
        Value::Null | Value::Scalar(_) | Value::List(_) => graft(node, long(request, object, to, was)),
    };
    texts.insert(project.sources.path(page.file).to_owned(), page.text());
    read(request, &texts)?;
    Ok(texts.into_iter().collect())
}

/// Returns the long form of an object that was written in short form, with `was:`.
fn long(request: &Request<'_>, object: &Object, at: &Address, was: (Key, Node)) -> Node {
    let entry = find(request.register, at.kind());
    let mut fields = match (entry.write_long)(&*object.spec).value {
        Value::Map(fields) => fields,
        Value::Null | Value::Scalar(_) | Value::List(_) => Vec::new(),
    };
    fields.insert(0, was);
    let node = request.project.variables.escaped(Node::new(Value::Map(fields)));
    let parent = at.parent().map(|parent| find(request.register, parent.kind()));
    match entry.nests_under(parent).next().map(|home| home.form) {
        Some(Form::List(field)) => list_item(field, at, node),
        Some(Form::Map | Form::One | Form::Free) | None => node,
    }
}
