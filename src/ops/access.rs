//! `access`: computes who may do what in a database or a project, and what a plan changes about it.

use std::collections::HashSet;

use indexmap::IndexMap;

use crate::access::{Access, changes};
use crate::diagnostic::{Diagnostics, Result};
use crate::diff::Difference;
use crate::kind::{Cx, Entry, Under, find};
use crate::model::{Address, Object, Origin, PgVersion, State};
use crate::plan::{self, Input, Planned};
use crate::session::Session;
use crate::{catalog, kinds, ledger};

/// Computes access from the privileges in a database.
pub async fn live(session: &Session) -> Result<Access> {
    let register = kinds::register();
    let server = catalog::server(&session.client).await?;
    let mut state = catalog::read(&session.client, server.version, register).await?;
    ledger::hide(&mut state);
    Ok(Access::of(&state, server.version, register))
}

/// Computes access from a project. For each kind of grant that it says nothing about, what PostgreSQL grants by default
/// counts.
pub fn declared(state: &State) -> Access {
    let register = kinds::register();
    let mut state = state.clone();
    let granted = |entry: &&Entry| entry.homes.iter().any(|home| matches!(home.under, Under::Granted));
    for entry in register.iter().filter(granted).filter(|entry| !state.claims(entry.name)).collect::<Vec<_>>() {
        state.set_whole(true);
        (entry.complete)(&mut state, &mut Diagnostics::default(), register);
    }
    Access::of(&state, PgVersion::NEWEST, register)
}

impl Planned {
    /// Computes how the plan changes what roles may do. `live` is the live state after the renames.
    pub(super) fn weigh_access(&mut self, live: &State, online: bool) {
        if self.plan.is_empty() || !self.plan.touched.iter().any(|at| self.decides_on_access(at)) {
            return;
        }
        let register = kinds::register();
        let version = self.server.version;
        let input = self.input(online);
        let base = if self.whole.is_empty() { &self.live } else { &self.whole };
        let is_as_before = live.shares_objects_with(&self.live);
        let whole = if is_as_before { base.clone() } else { plan::renamed(Input { live: base, ..input }) };
        let differences = plan::differences(live, input);
        let things = self.things();
        let counts = |at: &Address| match &things {
            Some(things) => thing(at).is_none_or(|thing| things.contains(thing)),
            None => true,
        };
        let access = |before: &State| {
            let after = afterwards(before.clone(), live, &differences, input);
            let of = |state: &State| Access::of_objects(state.iter().filter(|(at, _)| counts(at)), version, register);
            changes(&of(before), &of(&after))
        };
        let found = if things.is_some() { access(&part(&whole, counts)) } else { access(&whole) };
        debug_assert_eq!(
            found,
            {
                let after = afterwards(whole.clone(), live, &differences, input);
                changes(&Access::of(&whole, version, register), &Access::of(&after, version, register))
            },
            "the other things are as before"
        );
        self.access = found;
    }

    /// Returns the things in schemas that the plan touches, if it touches nothing else that decides on access.
    fn things(&self) -> Option<HashSet<&Address>> {
        let touched = self.plan.touched.iter().map(|at| (at, thing(at)));
        let touched = touched.filter(|(at, thing)| thing.is_some() || self.decides_on_access(at));
        touched.map(|(_, thing)| thing).collect()
    }

    /// Returns whether the change of an object can affect access: its access facts differ, or something that has an
    /// owner is created or dropped.
    fn decides_on_access(&self, at: &Address) -> bool {
        let entry = find(kinds::register(), at.kind());
        let sides = [&self.live, &self.desired].map(|state| state.get(at));
        let [before, after] = sides.map(|side| side.and_then(|object| (entry.access)(&*object.spec, at)));
        before != after || (entry.rules.owner && sides[0].is_some() != sides[1].is_some())
    }
}

/// Returns the object in a schema that `at` is or belongs to.
fn thing(at: &Address) -> Option<&Address> {
    let entry = |at: &Address| find(kinds::register(), at.kind());
    let is_thing = |at: &&Address| at.parent().is_some_and(|above| entry(above).rules.space) && !entry(at).is_facet();
    std::iter::once(at).chain(at.ancestors()).find(is_thing)
}

/// Returns the objects at the addresses that count.
fn part(state: &State, counts: impl Fn(&Address) -> bool) -> State {
    let mut part = State::default();
    for (at, object) in state.iter().filter(|(at, _)| counts(at)) {
        part.insert(at.clone(), object.clone());
    }
    part
}

/// Returns a database as the plan leaves it. `base` is the database before, or a part of it; `live` is what is managed of it,
/// and differs from what is desired in these objects.
fn afterwards(mut base: State, live: &State, differences: &IndexMap<Address, Difference>, input: Input<'_>) -> State {
    let Input { desired, register, .. } = input;
    for entry in register {
        (entry.foresee)(&mut base, desired);
    }
    let unmanaged: HashSet<Address> = differences
        .keys()
        .filter(|at| !live.contains(at))
        .filter(|at| base.get(at).is_some_and(|o| !(find(register, at.kind()).managed)(&*o.spec, at, desired)))
        .cloned()
        .collect();
    base.retain(|at, _| differences.get(at) != Some(&Difference::Extra));
    for (at, difference) in differences {
        if unmanaged.contains(at) {
            continue;
        }
        if let Some(object) = desired.get(at) {
            base.insert(at.clone(), object.clone());
        }
        if *difference == Difference::Missing {
            bear(&mut base, at, live, input);
        }
    }
    base
}

/// Adds the facets that a new object is born with and that the project does not manage.
fn bear(base: &mut State, at: &Address, live: &State, input: Input<'_>) {
    let Input { whole, desired, register, server, online, .. } = input;
    let entry = find(register, at.kind());
    let cx = Cx { at, live, whole, desired, server, entry, register, online };
    for facet in register.iter().filter(|facet| facet.is_facet() && facet.nests_under(Some(entry)).next().is_some()) {
        for (key, spec) in (facet.born)(at, &cx) {
            let place = at.child(facet.name, &key);
            if !desired.contains(&place) && !(facet.managed)(&*spec, &place, desired) {
                base.insert(place, Object::new(spec, Origin::Derived(None)));
            }
        }
    }
}
