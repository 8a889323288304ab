//! Relations that a plan found empty.
//!
//! Its statements take the plain forms there, and have no hazard of holding anybody up. Once the relation holds rows, they
//! may no longer be what was reviewed.

use std::collections::{BTreeSet, HashSet};

use crate::model::{Address, State};
use crate::plan::{Plan, PlanStep};

/// Returns the relations, sorted, that held nothing when the plan was made and that its statements are about or read.
pub fn found(plan: &Plan, live: &State) -> BTreeSet<Address> {
    let about = plan.steps.iter().flat_map(about);
    about.filter(|at| live.size(at).is_some_and(|size| size.bytes == 0)).cloned().collect()
}

/// Returns whether `relation` holds something now, and a saved step that has to do with it would therefore be another in a
/// `fresh` plan. Steps about objects with which nothing remains to be done are passed over.
pub fn has_filled(relation: &Address, saved: &[PlanStep], fresh: &Plan, live: &State) -> bool {
    let concerned = fresh.steps.iter().filter(|step| about(step).any(|at| at == relation));
    let concerned: HashSet<&Address> = concerned.map(|step| &step.at).collect();
    let differs = |step: &PlanStep| !fresh.steps.iter().any(|now| is_as_safe(now, step));
    live.size(relation).is_some_and(|size| size.bytes > 0)
        && saved.iter().any(|step| concerned.contains(&step.at) && differs(step))
}

/// Returns the object of a step, those above it, and the relations that it reads.
fn about(step: &PlanStep) -> impl Iterator<Item = &Address> {
    std::iter::once(&step.at).chain(step.at.ancestors()).chain(&step.reads)
}

/// Returns whether both are the same statement, and it risks nothing now that it did not risk then.
fn is_as_safe(now: &PlanStep, then: &PlanStep) -> bool {
    let known = |class| then.hazards.iter().any(|hazard| hazard.class == class);
    (&now.at, now.verb, now.text()) == (&then.at, then.verb, then.text())
        && now.hazards.iter().all(|hazard| known(hazard.class))
}
