//! Refuses plans that would harm an object that the project does not manage.
//!
//! Such an object cannot be created again, as nobody declares it. The plan is refused before PostgreSQL refuses its
//! statement, and before rows are lost that nobody mentioned.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Input;
use super::emit::Emitted;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::kind::find;
use crate::model::{Address, ObjectId};

/// Refuses the plan if an unmanaged object uses something that is dropped or that no user may use meanwhile, or if one
/// that clients see would be dropped along.
pub fn none_is_hurt(emitted: &Emitted, input: Input<'_>) -> Result<(), Diagnostics> {
    let (gone, disturbed) = touched(emitted, input);
    if gone.is_empty() && disturbed.is_empty() {
        return Ok(());
    }
    let managed: HashSet<ObjectId> = input.live.iter().filter_map(|(_, object)| object.origin.id()).collect();
    let of = |at: &Address| input.whole.get(at).and_then(|object| object.origin.id());
    let goes = |at: &Address| of(at).is_some_and(|id| gone.contains_key(&id));
    let is_managed = |at: &Address| of(at).is_some_and(|id| managed.contains(&id));
    // A part of a managed table that is not managed itself (a column inherited from a parent table) goes and changes
    // with it.
    let is_part =
        |at: &Address| at.parent().is_some_and(|p| !find(input.register, p.kind()).rules.space && is_managed(p));
    let stranger = |at: &&Address| of(at).is_some() && !is_managed(at) && !is_part(at) && !at.ancestors().any(goes);
    let mut hurt: BTreeMap<(&Address, &Address), &str> = BTreeMap::new();
    for (user, used) in input.whole.edges().filter(|(user, _)| stranger(user)) {
        let Some(id) = of(used) else { continue };
        if let Some(used) = gone.get(&id) {
            let whole = used.ancestors().filter(|at| emitted.drops.contains_key(at)).last();
            hurt.insert((user, whole.unwrap_or(used)), "uses it");
        } else if let Some(used) = disturbed.get(&id).filter(|_| !adjusts(user, input)) {
            hurt.insert((user, used), "uses it");
        }
    }
    let visible = |at: &&Address| find(input.register, at.kind()).rules.visible;
    for user in input.whole.iter().map(|(at, _)| at).filter(visible).filter(stranger) {
        let lost = input.whole.falls_with(user).iter().filter_map(|used| gone.get(&of(used)?));
        hurt.extend(lost.map(|used| ((user, *used), "would go with it")));
    }
    let mut problems = Diagnostics::default();
    problems.extend(hurt.into_iter().map(|((user, used), how)| refusal(user, used, how, input)));
    problems.into_result(())
}

/// Returns whether PostgreSQL adjusts `user` by itself when something it uses changes.
fn adjusts(user: &Address, input: Input<'_>) -> bool {
    input.whole.get(user).is_some_and(|object| (find(input.register, user.kind()).adjusts)(&*object.spec))
}

/// Returns what the plan drops, and what it changes while no user may exist, each by the id of the live object.
fn touched<'a>(
    emitted: &'a Emitted,
    input: Input<'_>,
) -> (HashMap<ObjectId, &'a Address>, HashMap<ObjectId, &'a Address>) {
    let ids = |at: &'a Address| Some((input.live.get(at)?.origin.id()?, at));
    let gone = emitted.drops.keys().filter_map(ids).collect();
    let disturbing = emitted.nodes.iter().filter(|n| n.step.disturbs).map(|n| &n.at);
    (gone, disturbing.chain(emitted.unseats.keys()).filter_map(ids).collect())
}

fn refusal(user: &Address, used: &Address, how: &str, input: Input<'_>) -> Diagnostic {
    let wanted = input.desired.get(used);
    let what = if wanted.is_some() { "changed" } else { "dropped" };
    let message = format!("{used} can't be {what}: {user} {how}, and is not managed by this project");
    let problem = Diagnostic::new(Code::Refused, message).help(format!("declare {user}, or drop it first"));
    match wanted.and_then(|o| o.origin.span()) {
        Some(span) => problem.label(span, "this change can't be made"),
        None => problem,
    }
}
