//! An index or a constraint of a partition that is a part of the one above, and nothing of its own any more.
//!
//! It had a name, parameters or a comment, and is to be as PostgreSQL makes it. It can't go while the one above stays.

use super::lineage::{heirs, makes, parents};
use super::takes_part;
use crate::kind::{Alter, Cx, Kind};
use crate::kinds::comment::Comment;
use crate::kinds::part::backing::Backing;
use crate::kinds::part::constraint;
use crate::kinds::part::names::{is_taken, object_name};
use crate::model::{Address, Step};
use crate::sql;

/// The object of the table above that a live part stays a part of.
pub fn stays_part_of(at: &Address, cx: &Cx<'_>) -> Option<Address> {
    let table = at.parent()?;
    let above = parents(table, cx.live).into_iter().find(|above| parents(table, cx.desired).contains(above))?;
    let theirs =
        cx.live.children(&above).into_iter().find(|their| makes(their, at, cx.live) && cx.desired.contains(their));
    theirs.cloned()
}

/// The name that PostgreSQL gives a part, where it is not taken; `stem` and `end` stand in it after that of the table.
pub fn usual_name(stem: &str, end: &str, cx: &Cx<'_>) -> Option<String> {
    let name = object_name(cx.at.parent()?.key(), stem, end);
    (name != cx.at.key() && !is_taken(&name, cx.at.top(), cx)).then_some(name)
}

/// The statements that give it that name, and take its comments away.
pub fn plain(name: Option<String>, comments: &str, rename: impl Fn(&str) -> Vec<Step>, cx: &Cx<'_>) -> Vec<Step> {
    let said = cx.live.children(cx.at).into_iter().any(|facet| facet.kind() == Comment::NAME);
    let silence = said.then(|| Step::new(format!("comment on {comments} is null")));
    silence.into_iter().chain(name.map(|name| rename(&name)).unwrap_or_default()).collect()
}

/// The same for a constraint on an index `mine`, which is to be as `theirs` above.
pub fn plain_constraint(
    mine: Backing<'_>,
    theirs: Backing<'_>,
    name: Option<String>,
    cx: &Cx<'_>,
) -> Option<Vec<Step>> {
    let bare = Backing { comment: None, ..theirs };
    let Alter::InPlace(steps) = bare.alter(mine, cx) else { return None };
    let comments = format!("constraint {} on {}", cx.name(), cx.parent().identity());
    Some(steps.into_iter().chain(plain(name, &comments, |to| constraint::rename(to, cx), cx)).collect())
}

/// What becomes a part of a new index or constraint: it must stand before, or PostgreSQL makes another.
pub fn parts_below(cx: &Cx<'_>) -> Vec<Address> {
    let below = cx.at.parent().map_or(&[][..], |table| heirs(table, cx.desired));
    below.iter().flat_map(|heir| cx.desired.children(heir)).filter(|own| takes_part(own, cx.at, cx)).cloned().collect()
}

/// The statements that give a partition's own index or constraint its usual name, once it is a part of the new one at `cx`.
/// `stem` says of one that becomes a part what stands between the table's name and `end` in that name; none where it is
/// not to be known.
pub fn adopted<T: Kind>(cx: &Cx<'_>, stem: impl Fn(&T) -> Option<String>, end: &str) -> Vec<Step> {
    let mut steps = Vec::new();
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

/// `alter index … rename to …`; a constraint that rests on the index takes its name.
pub fn rename_index(at: &Address, to: &str) -> Vec<Step> {
    let index = sql::dotted([at.top().key(), at.key()]);
    vec![Step::new(format!("alter index {index} rename to {}", sql::ident(to)))]
}
