//! Keys of partitions that are parts of an index of a table above which is no key itself, or stand beside its part.
//!
//! PostgreSQL takes the oldest index that fits, with a constraint or without, when it makes the index above or attaches the
//! partition. A key that comes later stands beside the part that PostgreSQL made meanwhile.

use super::Index;
use super::keyed::{aside, attach_again};
use super::twin::{check_twin, staying_twin, twin};
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Kind as _, Misfit};
use crate::kinds::primary_key::PrimaryKey;
use crate::kinds::table::only::stays_in_place;
use crate::kinds::table::part::attach;
use crate::kinds::table::{Attached, heirs, is_partition, parents};
use crate::kinds::unique::Unique;
use crate::model::{Address, KindName, Lock, State, Step};
use crate::sql;

/// What the index of a key is compared by.
#[derive(Clone, Copy)]
pub(super) struct Key<'a> {
    columns: &'a [String],
    include: &'a [String],
    nulls_not_distinct: bool,
    apart: bool,
    attached: Attached,
}

impl<'a> Key<'a> {
    /// Returns the key at an address; `None` if that is of another kind, or its index is not like that of any index.
    pub(super) fn of(at: &Address, state: &'a State) -> Option<Self> {
        if let Some(key) = state.spec::<PrimaryKey>(at) {
            let PrimaryKey { columns, include, apart, attached, .. } = key;
            let key = Self { columns, include, nulls_not_distinct: false, apart: *apart, attached: *attached };
            return Some(key).filter(|_| !state.spec::<PrimaryKey>(at).is_some_and(|key| key.without_overlaps));
        }
        let key = state.spec::<Unique>(at).filter(|key| !key.without_overlaps)?;
        let Unique { columns, include, nulls_not_distinct, apart, attached, .. } = key;
        Some(Self { columns, include, nulls_not_distinct: *nulls_not_distinct, apart: *apart, attached: *attached })
    }

    /// Returns whether it is a part of an index that is no key.
    pub(super) fn is_keyed(self) -> bool {
        matches!(self.attached, Attached::Keyed)
    }

    /// Returns whether PostgreSQL takes its index for a part of such an index.
    pub(super) fn fits(self, index: &Index) -> bool {
        let keys = index.columns.iter().map(|key| key.column().filter(|_| key.choices().is_none()).unwrap_or_default());
        index.unique
            && index.predicate.is_none()
            && index.nulls_not_distinct == self.nulls_not_distinct
            && index.include == self.include
            && keys.eq(self.columns.iter().map(String::as_str))
    }
}

/// Returns whether an index or a key would become a part of `their`, an index of a table above.
pub fn becomes_part(at: &Address, their: &Address, state: &State) -> bool {
    let Some(own) = state.spec::<Index>(at) else { return is_part(at, their, state) };
    let alike = state.spec::<Index>(their).is_some_and(|their| own.is_defined_as(their));
    alike && !own.apart && at.parent().is_some_and(|table| !has_key_as_part(table, their, state))
}

/// Returns whether a key of the table is to be its part of the index `their`.
pub(super) fn has_key_as_part(table: &Address, their: &Address, state: &State) -> bool {
    state.children(table).into_iter().any(|key| is_part(key, their, state))
}

fn is_part(at: &Address, their: &Address, state: &State) -> bool {
    Key::of(at, state).is_some_and(|key| !key.apart) && whole(at, state).as_ref() == Some(their)
}

/// Returns whether the index or key at `at` is to stand beside the part of one above.
pub fn is_apart(at: &Address, state: &State) -> bool {
    let index = state.spec::<Index>(at).map(|index| index.apart);
    index.unwrap_or_else(|| Key::of(at, state).is_some_and(|key| key.apart))
}

/// Returns whether a key is to be a part of an index above.
pub fn is_part_of_index(at: &Address, state: &State) -> bool {
    Key::of(at, state).is_some_and(|key| !key.apart) && whole(at, state).is_some()
}

/// Returns the index of a table above that fits a key which is no part of another key.
fn whole(at: &Address, state: &State) -> Option<Address> {
    let key = Key::of(at, state)?;
    let is_whole_key = |their: &Address| match (state.spec::<Unique>(their), state.spec::<Unique>(at)) {
        (Some(their), Some(own)) => their.is_defined_as(own),
        _ => their.kind() == PrimaryKey::NAME && at.kind() == PrimaryKey::NAME,
    };
    let mut table = at.parent()?.clone();
    while is_partition(&table, state) {
        table = parents(&table, state).into_iter().next()?;
        if state.children(&table).into_iter().any(is_whole_key) {
            return None;
        }
        let indexes = state.children_of::<Index>(&table, Index::NAME).into_iter();
        if let Some((index, _)) = indexes.into_iter().find(|(_, index)| key.fits(index)) {
            return Some(index.clone());
        }
    }
    None
}

/// Returns that index if it and the partition stay where they are.
pub(super) fn staying(at: &Address, live: &State, desired: &State) -> Option<Address> {
    let whole = whole(at, desired)?;
    let (old, new) = live.spec::<Index>(&whole).zip(desired.spec::<Index>(&whole))?;
    let in_place = stays_in_place(at.parent()?, live, desired);
    (in_place && new.is_defined_as(old) && new.only == old.only && new.options == old.options).then_some(whole)
}

/// Returns the live indexes or keys of a kind that will stand apart, or no longer do, by what becomes of the index above: they are beside
/// nothing when that goes, is made anew or loses the partition, and an index that lacks parts takes those that are declared.
pub fn foreseen(kind: KindName, live: &State, desired: &State) -> Vec<(Address, bool)> {
    let foresee = |at: &Address| {
        let comes = whole(at, desired).filter(|_| staying(at, live, desired).is_none());
        let takes_declared = comes.and_then(|whole| desired.spec::<Index>(&whole)).is_some_and(|index| index.only);
        takes_declared && is_apart(at, desired) || is_apart(at, live) && stays_beside(at, live, desired)
    };
    let keys = live.of_kind(kind).into_iter().filter(|at| desired.contains(at));
    keys.map(|at| (at.clone(), foresee(&at))).filter(|(at, apart)| is_apart(at, live) != *apart).collect()
}

fn stays_beside(at: &Address, live: &State, desired: &State) -> bool {
    staying(at, live, desired).or_else(|| staying_twin(at, live, desired)).is_some()
}

/// Returns what an index or key that stands beside a part comes after.
pub fn beside(cx: &Cx<'_>) -> Option<Address> {
    whole(cx.at, cx.desired).or_else(|| twin(cx.at, cx.desired)).filter(|_| is_apart(cx.at, cx.desired))
}

/// Returns how an index or key changes that is to be the part it stood beside, or the other way round; `others` is what changes besides.
pub fn take_place(others: Alter, cx: &Cx<'_>) -> Alter {
    match (is_apart(cx.at, cx.live), is_apart(cx.at, cx.desired), others) {
        (false, true, _) => Alter::Replace("it is to stand beside the part of the index above".to_owned()),
        (true, false, Alter::InPlace(_)) if staying_twin(cx.at, cx.live, cx.desired).is_some() => {
            Alter::Replace("it is to be the table's part, which takes its name".to_owned())
        }
        (true, false, Alter::InPlace(steps)) => Alter::InPlace(steps.into_iter().chain(join(cx)).collect()),
        (_, _, others) => others,
    }
}

/// Returns the statements that make a key at `cx`, which now stands there, a part of the index above.
pub fn join(cx: &Cx<'_>) -> Vec<Step> {
    let Some(table) = cx.at.parent().filter(|_| !is_apart(cx.at, cx.desired)) else { return Vec::new() };
    let Some(whole) = staying(cx.at, cx.live, cx.desired) else { return Vec::new() };
    if Key::of(cx.at, cx.live).is_some_and(Key::is_keyed) {
        return attach_again(table, cx).into_iter().collect();
    }
    match part(table, &whole, cx.whole) {
        Some(part) => {
            let drop = Step::new(format!("drop index {}", sql::dotted([part.top().key(), part.key()])));
            aside(std::slice::from_ref(table), drop.lock(Lock::AccessExclusive), cx)
        }
        None => right_above(cx.at, cx)
            .map(|(above, index)| attach((&index, &above), (cx.at.key(), table)))
            .into_iter()
            .collect(),
    }
}

/// Returns the index that is the table's part of `whole`, an index of a table above.
fn part(table: &Address, whole: &Address, live: &State) -> Option<Address> {
    let whole = live.spec::<Index>(whole)?;
    let is_part = |own: &Index| !matches!(own.attached, Attached::No) && own.is_defined_as(whole);
    let own = live.children_of::<Index>(table, Index::NAME).into_iter();
    own.into_iter().find(|(_, own)| is_part(own)).map(|(at, _)| at.clone())
}

/// Returns the table right above and its index that a key fits.
fn right_above(at: &Address, cx: &Cx<'_>) -> Option<(Address, String)> {
    let key = Key::of(at, cx.desired)?;
    let above = parents(at.parent()?, cx.live).into_iter().next()?;
    let index = cx.whole.children_of::<Index>(&above, Index::NAME).into_iter().find(|(_, index)| key.fits(index));
    let index = index.map(|(index, _)| index.key().to_owned())?;
    Some((above, index))
}

/// Refuses what PostgreSQL cannot do while the index above stays.
pub fn refuse_place(cx: &Cx<'_>) -> Option<Misfit> {
    let table = cx.at.parent()?;
    let whole = staying(cx.at, cx.live, cx.desired)?;
    let is_keyed = Key::of(cx.at, cx.live).is_some_and(Key::is_keyed);
    if is_apart(cx.at, cx.desired) {
        let unfinished = is_keyed && cx.desired.spec::<Index>(&whole).is_some_and(|index| index.only);
        let message = format!("it is a part of {whole}, which would get another one in its place");
        let help = "drop that index in a plan of its own, or remove `apart`";
        return unfinished.then(|| (Problem::new(Code::Refused, message).help(help), "apart"));
    }
    let part = part(table, &whole, cx.whole).filter(|part| !is_keyed && cx.desired.contains(part))?;
    let message = format!("it is to be its table's part of {whole}, which {part} is");
    let problem = Problem::new(Code::Refused, message).help("remove that index, or say `apart: true` here");
    Some((problem, "columns"))
}

/// Refuses `apart` where there is nothing to stand beside, and keys that cannot be parts.
pub fn check_apart(at: &Address, desired: &State) -> Vec<(Problem, &'static str)> {
    let wrong = |message: String, help: &str| Problem::new(Code::WrongType, message).help(help);
    if let Some(their) = twin(at, desired) {
        return check_twin(at, &their, desired).into_iter().collect();
    }
    let Some(whole) = whole(at, desired) else {
        let problem = || wrong("no index above is defined like it".to_owned(), "remove `apart`");
        return is_apart(at, desired).then(|| (problem(), "apart")).into_iter().collect();
    };
    let Some(table) = at.parent().filter(|_| is_part(at, &whole, desired)) else { return Vec::new() };
    let mut others = desired.children(table).into_iter().take_while(|other| *other != at);
    if let Some(other) = others.find(|other| is_part(other, &whole, desired)) {
        let message = format!("{other} is the table's part of {whole} already");
        return vec![(wrong(message, "say `apart: true` of one of them"), "columns")];
    }
    let partitions = whole.parent().map_or(&[][..], |table| heirs(table, desired));
    let has_part = |heir: &Address| desired.children(heir).into_iter().any(|own| becomes_part(own, &whole, desired));
    if desired.spec::<Index>(&whole).is_some_and(|index| index.only) && partitions.iter().all(has_part) {
        let message = format!("every partition has a part of {whole}, which says `only`");
        return vec![(wrong(message, "remove `only` there, or say `apart: true` here"), "columns")];
    }
    Vec::new()
}
