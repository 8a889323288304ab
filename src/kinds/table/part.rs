//! Resets a part, that is an index or constraint of a partition that belongs to one of the table above, to what
//! PostgreSQL creates by default.
//!
//! The part had a name, parameters or a comment of its own, which are no longer declared. It cannot be dropped while
//! the one above stays.

use super::lineage::{above, heirs, is_part, makes, parents, sprung_from};
use super::only::is_only;
use super::takes_part;
use crate::kind::{Alter, Cx, Kind};
use crate::kinds::comment::Comment;
use crate::kinds::index::Index;
use crate::kinds::part::backing::Backing;
use crate::kinds::part::constraint;
use crate::kinds::part::names::{called, is_taken, object_name};
use crate::kinds::primary_key::PrimaryKey;
use crate::kinds::unique::Unique;
use crate::model::{Address, Lock, Step};
use crate::sql;

/// Returns the declared object of a table above that a live part still belongs to afterwards: right above or, where the part in
/// between is not declared, further up, be it that the table in between only comes there.
pub fn stays_part_of(at: &Address, cx: &Cx<'_>) -> Option<Address> {
    let heir = at.parent()?;
    let stays = |above: &Address| parents(heir, cx.desired).contains(above);
    let mut table = parents(heir, cx.live).into_iter().find(stays)?;
    loop {
        let theirs = cx.live.children(&table).into_iter();
        let mut theirs = theirs.filter(|their| makes(their, at, cx.live) && cx.desired.contains(their));
        if let Some(their) = theirs.next() {
            return Some(their.clone());
        }
        table = parents(&table, cx.desired).into_iter().next()?;
    }
}

/// A name that a part gets, and what must happen before it is free.
pub struct Usual {
    name: String,
    after: Vec<Address>,
}

/// Returns the name that PostgreSQL gives a part, if it is or becomes free and is not the present one: the table's name, `stem`
/// and `end`.
pub fn usual_name(stem: &str, end: &str, cx: &Cx<'_>) -> Option<Usual> {
    let name = object_name(cx.at.parent()?.key(), stem, end);
    let called = |state| called(&name, cx.at.top(), state);
    if name == cx.at.key() || !called(cx.desired).is_empty() {
        return None;
    }
    let after = called(cx.whole).iter().map(|holder| leaves(holder, cx)).collect::<Option<_>>()?;
    Some(Usual { name, after })
}

/// Returns the object whose drop or rename frees the name of a live one.
fn leaves(holder: &Address, cx: &Cx<'_>) -> Option<Address> {
    if is_part(holder, cx.whole) {
        let above = above(holder.parent()?, cx.live);
        let mut theirs = above.iter().flat_map(|table| cx.live.children(table));
        return theirs.find(|their| makes(their, holder, cx.whole) && !cx.desired.contains(their)).cloned();
    }
    let id = cx.whole.get(holder)?.origin.id()?;
    cx.live.iter().find(|(_, object)| object.origin.id() == Some(id)).map(|(at, _)| at.clone())
}

/// Returns the statements that give the part that name and remove its comments.
pub fn plain(name: Option<Usual>, comments: &str, rename: impl Fn(&str) -> Vec<Step>, cx: &Cx<'_>) -> Vec<Step> {
    let said = cx.live.children(cx.at).into_iter().any(|facet| facet.kind() == Comment::NAME);
    let silence = said.then(|| Step::new(format!("comment on {comments} is null")));
    let named = name.into_iter().flat_map(|Usual { name, after }| {
        rename(&name).into_iter().map(move |step| step.needs(after.clone())).collect::<Vec<_>>()
    });
    silence.into_iter().chain(named).collect()
}

/// Like [`plain`], for a constraint with the index `mine`, which is to be like `theirs` above.
pub fn plain_constraint(mine: Backing<'_>, theirs: Backing<'_>, name: Option<Usual>, cx: &Cx<'_>) -> Option<Vec<Step>> {
    let bare = Backing { comment: None, only: mine.only, ..theirs };
    let Alter::InPlace(steps) = bare.alter(mine, cx) else { return None };
    let comments = format!("constraint {} on {}", cx.name(), cx.parent().identity());
    Some(steps.into_iter().chain(plain(name, &comments, |to| constraint::rename(to, cx), cx)).collect())
}

/// Returns what becomes a part of a new index or constraint. It must exist before that, or PostgreSQL creates another.
pub fn parts_below(cx: &Cx<'_>) -> Vec<Address> {
    // Most tables have none below, and need no look at all others.
    let table = cx.at.parent().filter(|table| !heirs(table, cx.desired).is_empty());
    let below = table.map(|table| sprung_from(table, cx.desired)).unwrap_or_default();
    below
        .iter()
        .flat_map(|heir| cx.desired.children(heir))
        .filter(|own| takes_part(own, cx.at, cx.desired))
        .cloned()
        .collect()
}

/// Returns the statements that give a partition's own index or constraint its usual name, once it is a part of the new
/// one at `cx`. `stem` returns the middle of that name, between the table's name and `end`; `None` if it does not
/// become a part or its name cannot be known.
pub fn adopted<T: Kind>(cx: &Cx<'_>, stem: impl Fn(&T) -> Option<String>, end: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    if is_only(cx.at, cx.desired) {
        return steps;
    }
    let mut tables: Vec<Address> = cx.at.parent().map(|table| heirs(table, cx.desired).to_vec()).unwrap_or_default();
    while let Some(table) = tables.pop() {
        let own = cx.whole.children_of::<T>(&table, T::NAME).into_iter();
        let own = own.filter(|(at, _)| !cx.desired.contains(at)).find_map(|(at, own)| Some((at, stem(own)?)));
        if let Some((at, stem)) = own {
            let name = object_name(table.key(), &stem, end);
            let free = name != at.key() && !is_taken(&name, at.top(), cx);
            steps.extend(free.then(|| rename_index(at, &name)).into_iter().flatten());
        }
        tables.extend(heirs(&table, cx.desired).iter().cloned());
    }
    steps
}

/// Returns the statements that give the undeclared indexes and keys of a table, and of those below it, their usual names and take
/// their comments away, where they become parts of those above when the table is attached.
pub fn joining(cx: &Cx<'_>) -> Vec<Step> {
    let above = above(cx.at, cx.desired);
    let theirs = above.iter().flat_map(|table| cx.desired.children(table));
    // What is new itself sees to its parts.
    let theirs: Vec<&Address> = theirs.filter(|at| cx.live.contains(at) && !is_only(at, cx.desired)).collect();
    let mut steps = Vec::new();
    let mut tables = vec![cx.at.clone()];
    while let Some(table) = tables.pop() {
        let read = cx.at(&table).address_as_read();
        let own = read.map(|read| cx.whole.children(read)).unwrap_or_default();
        for their in &theirs {
            let part = |own: &&Address| {
                let at = table.child(own.kind(), own.key());
                let (stem, end) =
                    becomes(own, their, cx).filter(|_| !cx.live.contains(&at) && !cx.desired.contains(&at))?;
                Some((at, object_name(table.key(), &stem, end), cx.whole.children(own)))
            };
            let Some((at, name, facets)) = own.iter().find_map(part) else { continue };
            if facets.iter().any(|facet| facet.kind() == Comment::NAME) {
                steps.push(Step::new(format!("comment on {} is null", cx.at(&at).target())));
            }
            if name != at.key() && !is_taken(&name, at.top(), cx) {
                steps.extend(rename_index(&at, &name));
            }
        }
        tables.extend(heirs(&table, cx.desired).iter().cloned());
    }
    steps
}

/// Returns the middle and the end of the usual name of an own index or key, if it becomes a part of `their`.
fn becomes(own: &Address, their: &Address, cx: &Cx<'_>) -> Option<(String, &'static str)> {
    if own.kind() != their.kind() || is_part(own, cx.whole) {
        return None;
    }
    let index = cx.whole.spec::<Index>(own).zip(cx.desired.spec::<Index>(their));
    let index = index.filter(|(own, their)| own.is_defined_as(their) && !own.invalid && !own.apart);
    let unique = cx.whole.spec::<Unique>(own).zip(cx.desired.spec::<Unique>(their));
    let unique = unique.filter(|(own, their)| own.is_defined_as(their) && !own.apart);
    match (index, unique) {
        (Some((own, _)), _) => Some((own.stem()?, "idx")),
        (_, Some((own, _))) => Some((own.stem(), "key")),
        _ => (own.kind() == PrimaryKey::NAME).then(|| (String::new(), "pkey")),
    }
}

/// Returns `alter index … attach partition …`, from the names of both indexes and their tables.
pub fn attach(above: (&str, &Address), part: (&str, &Address)) -> Step {
    let [above, part] = [above, part].map(|(index, table)| sql::dotted([table.top().key(), index]));
    Step::new(format!("alter index {above} attach partition {part}")).lock(Lock::AccessExclusive)
}

/// Returns `alter index … rename to …`, which also renames the constraint that uses the index.
pub fn rename_index(at: &Address, to: &str) -> Vec<Step> {
    let index = sql::dotted([at.top().key(), at.key()]);
    vec![Step::new(format!("alter index {index} rename to {}", sql::ident(to)))]
}
