//! Spreads a change to the objects that must be dropped and created again because they use what changes.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::Input;
use super::fate::{Action, Fate};
use super::overload;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::kind::{Alter, find};
use crate::model::Address;

/// Spreads replacements and disturbances to users, and to the users of those, until nothing more follows.
pub fn spread(fates: &mut IndexMap<Address, Fate>, input: Input<'_>, problems: &mut Diagnostics) {
    if fates.is_empty() {
        return;
    }
    let users = users(input);
    let falling = falling(input);
    let mut queue: Vec<Address> = fates.keys().cloned().collect();
    let mut done: HashSet<(Address, Option<Touch>, bool)> = HashSet::new();
    while let Some(at) = queue.pop() {
        let Some(fate) = fates.get(&at) else { continue };
        let (touches, renewed) = match &fate.action {
            Action::Replace => (Some(Touch::Replaced), false),
            Action::Drop => (Some(Touch::Dropped), false),
            Action::Alter(steps) => {
                (steps.iter().any(|s| s.disturbs).then_some(Touch::Disturbed), steps.iter().any(|s| s.renews))
            }
            Action::Create => (None, false),
        };
        let unseats = unseated(fate);
        if !(touches.is_some() || renewed || !unseats.is_empty()) || !done.insert((at.clone(), touches, renewed)) {
            continue;
        }
        if touches == Some(Touch::Replaced) || renewed {
            queue.extend(replace_descendants(&at, fates, input));
        }
        let mut touched: Vec<(&Address, Touch, &[&Address])> = Vec::new();
        touched.extend(touches.map(|how| (&at, how, of(&users, &at))));
        touched.extend((touches == Some(Touch::Replaced)).then(|| (&at, Touch::Replaced, of(&falling, &at))));
        let gone = if touches == Some(Touch::Replaced) { lost_parts(&at, input) } else { Vec::new() };
        touched.extend(gone.iter().map(|part| (part, Touch::Replaced, of(&users, part))));
        touched.extend(unseats.iter().map(|used| (used, Touch::Unseated, of(&users, used))));
        for (used, how, users) in touched {
            for user in users {
                queue.extend(touch(user, used, how, fates, input, problems));
            }
        }
    }
}

/// What happens to an object, as far as its users are concerned.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Touch {
    /// It is dropped and created again.
    Replaced,
    /// It is dropped for good. Users that are declared unchanged use something else from now on.
    Dropped,
    /// It changes. Users that PostgreSQL adjusts by itself can stay.
    Disturbed,
    /// It changes. No user can stay.
    Unseated,
}

/// Returns the objects none of whose users can stay while the statements of `fate` run.
fn unseated(fate: &Fate) -> Vec<Address> {
    let Action::Alter(steps) = &fate.action else { return Vec::new() };
    let mut list: Vec<Address> = steps.iter().flat_map(|s| s.unseats.iter().cloned()).collect();
    list.sort();
    list.dedup();
    list
}

fn of<'a, 'b>(users: &'b HashMap<&'a Address, Vec<&'a Address>>, used: &Address) -> &'b [&'a Address] {
    users.get(used).map_or(&[], Vec::as_slice)
}

/// Returns the live objects below a replaced one that are not declared. Their users count as users of the replaced
/// object.
fn lost_parts(at: &Address, input: Input<'_>) -> Vec<Address> {
    let mut live = input.live.descendants(at);
    live.retain(|part| !input.desired.contains(part));
    live
}

/// Returns the users of each object, by the edges of the live database.
fn users(input: Input<'_>) -> HashMap<&Address, Vec<&Address>> {
    let mut users: HashMap<&Address, Vec<&Address>> = HashMap::new();
    for (user, used) in input.live.edges() {
        users.entry(used).or_default().push(user);
    }
    users
}

/// Returns, for each object, the rebuildable objects that PostgreSQL drops along with it, such as the membership of a
/// table in a publication.
fn falling(input: Input<'_>) -> HashMap<&Address, Vec<&Address>> {
    let mut falling: HashMap<&Address, Vec<&Address>> = HashMap::new();
    for (at, object) in input.live.iter() {
        let with = input.live.falls_with(at);
        if !with.is_empty() && (find(input.register, at.kind()).rebuildable)(&*object.spec) {
            for used in with {
                falling.entry(used).or_default().push(at);
            }
        }
    }
    falling
}

/// Sets the fate of everything below a replaced object: it is dropped, created, or both. Returns the live objects among
/// it.
fn replace_descendants(at: &Address, fates: &mut IndexMap<Address, Fate>, input: Input<'_>) -> Vec<Address> {
    let live = input.live.descendants(at);
    for child in input.desired.descendants(at).into_iter().chain(live) {
        let action = match (input.live.contains(&child), input.desired.contains(&child)) {
            (true, true) => Action::Replace,
            (false, true) => Action::Create,
            (true, false) => Action::Drop,
            (false, false) => continue,
        };
        fates.insert(child.clone(), Fate { action, why: Some(format!("stands on {at}, which is replaced")) });
    }
    input.live.descendants(at)
}

/// Decides what must happen to a user of an object that is replaced, dropped or changed. Returns the address to spread
/// next, if the user's fate changed.
fn touch(
    user: &Address,
    used: &Address,
    how: Touch,
    fates: &mut IndexMap<Address, Fate>,
    input: Input<'_>,
    problems: &mut Diagnostics,
) -> Option<Address> {
    let whole = user.parent().filter(|_| find(input.register, user.kind()).rules.part);
    let user = whole.unwrap_or(user);
    let entry = find(input.register, user.kind());
    let object = input.live.get(user).filter(|_| input.desired.contains(user))?;
    let rebuildable = (entry.rebuildable)(&*object.spec);
    if how == Touch::Disturbed && (entry.adjusts)(&*object.spec) {
        return None;
    }
    match fates.get(user).map(|f| &f.action) {
        Some(Action::Drop | Action::Replace | Action::Create) => return None,
        Some(Action::Alter(_)) | None => {}
    }
    let by_itself = !comes_otherwise(used, input) && !overload::has_rival(used, input);
    if how == Touch::Dropped && by_itself && fates.contains_key(user) {
        return None; // it lets go by an alteration of its own
    }
    if rebuildable {
        let what = match how {
            Touch::Replaced => "is replaced",
            Touch::Dropped => "is dropped",
            Touch::Disturbed | Touch::Unseated => "changes",
        };
        fates.insert(user.clone(), Fate { action: Action::Replace, why: Some(format!("uses {used}, which {what}")) });
        return Some(user.clone());
    }
    if matches!(how, Touch::Replaced | Touch::Dropped)
        && let Some(fate) = release(user, fates, input)
    {
        fates.insert(user.clone(), fate);
        return Some(user.clone());
    }
    // A user that cannot be rebuilt must let go by an alteration of its own.
    if how != Touch::Replaced || matches!(fates.get(user).map(|f| &f.action), Some(Action::Alter(_))) {
        return None;
    }
    let message = format!("{used} must be dropped and made again, but {user} uses it");
    let mut problem = Diagnostic::new(Code::Refused, message)
        .help(format!("change {user} so that it no longer uses {used}, or give the new object another name"));
    if let Some(span) = input.desired.get(used).and_then(|o| o.origin.span()) {
        problem = problem.label(span, "this change needs a replacement");
    }
    if let Some(span) = input.desired.get(user).and_then(|o| o.origin.span()) {
        problem = problem.label(span, "used here");
    }
    problems.push(problem);
    None
}

/// Returns how a user that cannot be rebuilt lets go, for the time being, of what it uses and the plan drops.
fn release(user: &Address, fates: &IndexMap<Address, Fate>, input: Input<'_>) -> Option<Fate> {
    let (live, desired) = (input.live.get(user)?, input.desired.get(user)?);
    let goes = |at: &&Address| fates.get(*at).is_some_and(|f| matches!(f.action, Action::Replace | Action::Drop));
    let mut used: Vec<Address> = input.live.uses(user).iter().filter(goes).cloned().collect();
    used.sort();
    let action = match (find(input.register, user.kind()).release)(
        &**desired.as_written(),
        &*live.spec,
        &used,
        &input.cx(user),
    )? {
        Alter::InPlace(steps) => Action::Alter(steps),
        Alter::Replace(_) => Action::Replace,
        Alter::Drop | Alter::Refuse(_) => return None,
    };
    let names: Vec<String> = used.iter().map(ToString::to_string).collect();
    Some(Fate { action, why: Some(format!("uses {}, made anew", names.join(", "))) })
}

/// Returns whether an object of another kind takes the name of a dropped one.
fn comes_otherwise(used: &Address, input: Input<'_>) -> bool {
    let slots = find(input.register, used.kind()).rules.slots;
    input.desired.iter().any(|(at, _)| {
        let entry = find(input.register, at.kind());
        at.kind() != used.kind()
            && at.top() == used.top()
            && slots.iter().any(|s| entry.rules.slots.contains(s) && s.bare(at.key()) == s.bare(used.key()))
    })
}
