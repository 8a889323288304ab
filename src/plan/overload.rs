//! Finds routines that are dropped while others of the same name are created: while both exist, a call may be
//! ambiguous.

use std::collections::HashMap;

use super::Input;
use super::emit::Emitted;
use crate::kind::{ROUTINE, find};
use crate::model::Address;

/// Returns pairs of the statement that drops the one routine and the statement that creates the other, which had better
/// run after it.
pub fn pairs(emitted: &Emitted, input: Input<'_>) -> Vec<(usize, usize)> {
    let name = |at: &Address| (at.top().key().to_owned(), ROUTINE.bare(at.key()).to_owned());
    let is_routine = |at: &Address| find(input.register, at.kind()).rules.slots.contains(&ROUTINE);
    let drops = emitted.drops.iter().filter(|(at, _)| is_routine(at) && !input.desired.contains(at));
    let gone: HashMap<_, usize> = drops.filter_map(|(at, drops)| Some((name(at), *drops.last()?))).collect();
    if gone.is_empty() {
        return Vec::new();
    }
    let makes = emitted.makes.iter().filter(|(at, _)| is_routine(at) && !input.live.contains(at));
    makes.filter_map(|(at, makes)| Some((*gone.get(&name(at))?, *makes.first()?))).collect()
}

/// Returns whether a new routine of the same name as a dropped one could be meant by calls of that. While both exist, such a
/// call is ambiguous, so whatever contains one has to go first.
pub fn has_rival(dropped: &Address, input: Input<'_>) -> bool {
    let entry = find(input.register, dropped.kind());
    let Some(old) = input.live.get(dropped).filter(|_| entry.rules.slots.contains(&ROUTINE)) else { return false };
    let siblings = dropped.parent().map(|schema| input.desired.children(schema)).unwrap_or_default();
    siblings.into_iter().any(|at| {
        let is_new = at.kind() == dropped.kind() && !input.live.contains(at);
        let same_name = is_new && ROUTINE.bare(at.key()) == ROUTINE.bare(dropped.key());
        same_name && input.desired.get(at).is_some_and(|new| (entry.rivals)(&*new.spec, &*old.spec))
    })
}
