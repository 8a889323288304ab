//! Computes what changes between two states about what roles may do. Equal changes of several roles or things are
//! reported as one.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{Access, Reach, Thing};
use crate::kind::find;
use crate::model::Address;
use crate::model::access::{Access as What, AccessChange, Cause, EVERYBODY, Right, Rights, Rows, Way};

/// Returns what roles gain and lose from one state to the other.
///
/// For a new role, everything it may do is reported; for a dropped one, nothing. Not reported are privileges that
/// disappear along with a thing, what the owner and, by default, everybody have on a new thing, and what superusers may
/// do.
pub fn changes(before: &Access, after: &Access) -> Vec<AccessChange> {
    let comparison = Comparison { before, after };
    let moved = comparison.moved_things();
    let mut told: BTreeMap<What, BTreeSet<String>> = BTreeMap::new();
    let everybody = comparison.of_role(EVERYBODY, &moved, &HashSet::new());
    let known: HashSet<Moved> = everybody.rights.iter().map(|(moved, _, _)| moved.clone()).collect();
    let roles = after.roles().filter(|role| *role != EVERYBODY);
    let found = roles.map(|role| (role, comparison.of_role(role, &moved, &known)));
    for (role, found) in found.collect::<Vec<_>>().into_iter().chain([(EVERYBODY, everybody)]) {
        for what in found.all(after) {
            told.entry(what).or_default().insert(role.to_owned());
        }
    }
    let list = told.into_iter().map(|(what, roles)| AccessChange { roles: roles.into_iter().collect(), what });
    let mut list: Vec<AccessChange> = list.collect();
    list.sort_by(|a, b| a.roles.cmp(&b.roles));
    list
}

struct Comparison<'a> {
    before: &'a Access,
    after: &'a Access,
}

/// A privilege on a thing, gained or lost.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Moved {
    gained: bool,
    privilege: &'static str,
    on: Address,
}

/// What was found about one role.
#[derive(Default)]
struct Found {
    whats: Vec<What>,
    rights: Vec<(Moved, Way, Option<Address>)>,
    /// By thing, before and after.
    rows: BTreeMap<Address, (Option<Rows>, Option<Rows>)>,
}

impl Comparison<'_> {
    /// Returns the things about which something differs (owner, grants, policies), including things in a schema about
    /// which something differs.
    fn moved_things(&self) -> Vec<&Address> {
        let differs = |at: &Address| self.before.things.get(at) != self.after.things.get(at);
        let moved = |at: &&Address| {
            differs(at) || differs(at.top()) || self.before.owner(at) != self.after.owner(at) || self.whole_differs(at)
        };
        let things = self.after.things.keys().filter(|at| !self.is_as_its_whole(at));
        let mut things: Vec<&Address> = things.filter(moved).collect();
        things.sort_unstable();
        things
    }

    /// Returns whether all that a role may, or might, do with a part of a thing is what it may do with the thing.
    fn is_as_its_whole(&self, at: &Address) -> bool {
        let says_nothing = |access: &Access| access.things.get(at).is_none_or(|thing| *thing == Thing::default());
        says_nothing(self.after) && says_nothing(self.before) && self.after.is_part(at)
    }

    /// Returns whether the thing that `at` is a part of differs.
    fn whole_differs(&self, at: &Address) -> bool {
        let differs = |at: &Address| self.before.things.get(at) != self.after.things.get(at);
        self.after.is_part(at) && at.parent().is_some_and(differs)
    }

    fn of_role(&self, role: &str, moved: &[&Address], known: &HashSet<Moved>) -> Found {
        let (old, new) = (self.before.reach(role), self.after.reach(role));
        let mut found = Found { whats: of_attributes(&old, &new), ..Found::default() };
        if old.superuser || new.superuser {
            return found;
        }
        let all: Vec<&Address>;
        let things = if old == new {
            moved
        } else {
            all = self.after.things().filter(|at| !self.is_as_its_whole(at)).collect();
            &all
        };
        for at in things {
            self.on(at, &old, &new, known, &mut found);
        }
        found
    }

    /// Finds what changes for one role on one thing.
    fn on(&self, at: &Address, old: &Reach, new: &Reach, known: &HashSet<Moved>, found: &mut Found) {
        let (had, has) = (self.before.rights(old, at), self.after.rights(new, at));
        let is_new = !self.before.things.contains_key(at);
        for (gained, from, to) in [(false, &has, &had), (true, &had, &has)] {
            for right in &to.list {
                if !counts(to, right) || from.list.iter().any(|r| r.privilege == right.privilege && counts(from, r)) {
                    continue;
                }
                let change = Moved { gained, privilege: right.privilege, on: at.clone() };
                let unsaid = is_new && self.goes_without_saying(at, right);
                let by_everybody = right.ways[0].cause == Cause::Everybody && known.contains(&change);
                if !unsaid && !by_everybody && !self.is_of_whole(at, right, gained, old, new) {
                    let still = from.list.iter().any(|r| r.privilege == right.privilege);
                    let barrier = from.barrier.clone().filter(|_| still);
                    found.rights.push((change, right.ways[0].clone(), barrier));
                }
            }
        }
        if had.barrier.is_none() && has.barrier.is_none() && !is_new {
            self.rows_on(at, old, new, [&had, &has], found);
        }
    }

    /// Finds what changes for one role about the rows of one thing. What a role may do with a part alone is reported for
    /// the whole.
    fn rows_on(&self, at: &Address, old: &Reach, new: &Reach, [had, has]: [&Rights; 2], found: &mut Found) {
        if had.rows == has.rows {
            return;
        }
        let may = |rights: &Rights, command: &str| rights.list.iter().any(|right| right.privilege == command);
        let whole = at.parent().filter(|_| self.after.is_part(at));
        let of_whole = whole.map(|whole| (self.before.rights(old, whole), self.after.rights(new, whole)));
        let of_whole =
            |command: &str| of_whole.as_ref().is_some_and(|(had, has)| may(had, command) && may(has, command));
        let kept = |command: &str| may(had, command) && may(has, command) && !of_whole(command);
        let of_kept = |rows: &Option<Rows>| {
            let rows = rows.as_ref()?.iter().filter(|(command, _)| kept(command));
            Some(rows.map(|(command, policies)| (*command, policies.clone())).collect::<Rows>())
        };
        let (before, after) = (of_kept(&had.rows), of_kept(&has.rows));
        let is_empty = |rows: &Option<Rows>| rows.as_ref().is_none_or(BTreeMap::is_empty);
        if before == after || (is_empty(&before) && is_empty(&after)) {
            return;
        }
        let (known, then) = found.rows.entry(whole.unwrap_or(at).clone()).or_insert((None, None));
        for (rows, more) in [(known, before), (then, after)] {
            if let Some(more) = more {
                rows.get_or_insert_default().extend(more);
            }
        }
    }

    /// Returns whether a right on a new thing is one that its owner or, by default, everybody has.
    fn goes_without_saying(&self, at: &Address, right: &Right) -> bool {
        let default = |way: &Way| match way.cause {
            Cause::Owner => true,
            Cause::Everybody => {
                let rules = find(self.after.register, at.kind()).rules;
                rules.privileges.is_some_and(|p| p.public.contains(&right.privilege))
            }
            Cause::Superuser | Cause::Grant | Cause::Predefined => false,
        };
        right.ways.iter().any(default)
    }

    /// Returns whether a part has, or had, a privilege because of the thing it is a part of. It is then reported for
    /// that thing.
    fn is_of_whole(&self, at: &Address, right: &Right, gained: bool, old: &Reach, new: &Reach) -> bool {
        let Some(whole) = at.parent().filter(|_| self.after.is_part(at)) else { return false };
        let of_whole = if gained { self.after.rights(new, whole) } else { self.before.rights(old, whole) };
        of_whole.list.iter().any(|other| other.privilege == right.privilege)
    }
}

/// Returns whether a privilege can be used.
fn counts(rights: &Rights, right: &Right) -> bool {
    rights.barrier.is_none() && !right.ways.is_empty()
}

fn of_attributes(old: &Reach, new: &Reach) -> Vec<What> {
    let mut whats = Vec::new();
    if old.superuser != new.superuser {
        whats.push(What::Everything { gained: new.superuser });
        return whats;
    }
    if old.bypass_rls != new.bypass_rls {
        whats.push(What::EveryRow { gained: new.bypass_rls });
    }
    if new.superuser {
        return whats;
    }
    for (gained, from, to) in [(false, new, old), (true, old, new)] {
        let known: Vec<&str> = from.only_becomes().map(|(role, _)| role).collect();
        let gone = to.only_becomes().map(|(role, _)| role).filter(|role| !known.contains(role));
        let kept = |role: &&str| from.has.contains_key(*role) && from.becomes.contains_key(*role);
        whats.extend(gone.filter(|role| !kept(role)).map(|role| What::Role { gained, role: role.to_owned() }));
    }
    whats
}

impl Found {
    /// Returns all changes, combining things for which they are equal.
    fn all(self, access: &Access) -> Vec<What> {
        // First combines privileges on one thing that are held in the same way, then things of one sort with the same
        // privileges.
        let mut by_thing: BTreeMap<(bool, Way, Option<Address>, Address), Vec<&'static str>> = BTreeMap::new();
        for (moved, way, barrier) in self.rights {
            by_thing.entry((moved.gained, way, barrier, moved.on)).or_default().push(moved.privilege);
        }
        let mut by_right: BTreeMap<_, Vec<Address>> = BTreeMap::new();
        for ((gained, way, barrier, on), privileges) in by_thing {
            let plural = access.plural(&on);
            by_right.entry((gained, plural, privileges, way, barrier)).or_default().push(on);
        }
        let rights = by_right.into_iter().map(|((gained, things, privileges, way, barrier), on)| What::Privileges {
            gained,
            privileges,
            things,
            on,
            way,
            barrier,
        });
        let mut by_rows: BTreeMap<_, Vec<Address>> = BTreeMap::new();
        for (on, rows) in self.rows {
            by_rows.entry(rows).or_default().push(on);
        }
        let rows = by_rows.into_iter().map(|((before, after), on)| What::Rows { on, before, after });
        self.whats.into_iter().chain(rights).chain(rows).collect()
    }
}
