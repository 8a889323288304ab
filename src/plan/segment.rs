//! Groups statements into transactions: one, unless PostgreSQL requires more or its lock table has no room for so many
//! locks.

use std::collections::HashMap;

use indexmap::{IndexMap, IndexSet};

use super::emit::{Emitted, Verb};
use super::fate::Action;
use super::{Input, PlanStep};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::kind::{RELATION, find};
use crate::model::{Address, Lock, State, Transaction};

/// The number of locks on a table without its indexes and sequences: one for itself, two for its TOAST table and the index
/// of that.
const BARE: usize = 3;
/// One transaction may fill this fraction (1 / `SHARE`) of the lock table, as other sessions use it too.
const SHARE: usize = 2;

/// Sets the segment number of each step, and how many locks it takes.
pub fn segment(steps: &mut [PlanStep], emitted: &Emitted, input: Input<'_>) {
    weigh(steps, input);
    let mut bounds = commits(steps);
    if input.online {
        let room = (input.server.locks.all() / SHARE).max(1);
        let seams = seams(steps, |at| emitted.fates.get(at).map(|fate| &fate.action));
        bounds = bounds.windows(2).flat_map(|pair| part(steps, pair[0]..pair[1], &seams, room)).collect();
    } else {
        bounds.pop();
    }
    let mut starts = bounds.into_iter().skip(1).peekable();
    let mut segment = 0;
    for (i, step) in steps.iter_mut().enumerate() {
        segment += usize::from(starts.next_if_eq(&i).is_some());
        step.segment = segment;
    }
}

/// Estimates how many locks each step takes. A statement that creates, changes or drops a table, or states a lock, may lock
/// all that belongs to the table; any other, such as a comment, locks the table alone.
fn weigh(steps: &mut [PlanStep], input: Input<'_>) {
    let is_relation = |at: &Address| find(input.register, at.kind()).rules.slots.contains(&RELATION);
    let parts = |table: &Address, state: &State| state.descendants(table).iter().filter(|at| is_relation(at)).count();
    let mut wholes: HashMap<Address, usize> = HashMap::new();
    for step in steps {
        let Some(table) = in_schema(&step.at) else { continue };
        let is_whole = is_relation(table) && (step.lock > Lock::None || is_relation(&step.at));
        step.locks = if !is_whole {
            1
        } else if let Some(known) = wholes.get(table) {
            *known
        } else {
            let whole = BARE + parts(table, input.live).max(parts(table, input.desired));
            wholes.insert(table.clone(), whole);
            whole
        };
    }
}

/// Returns the object directly in a schema that `at` is or is below.
pub fn in_schema(at: &Address) -> Option<&Address> {
    std::iter::once(at).chain(at.ancestors()).find(|at| at.parent() == Some(at.top()))
}

/// Refuses a plan in which statements that move the rows of one table do not share a transaction.
pub fn none_is_torn(steps: &[PlanStep]) -> Result<(), Diagnostics> {
    let mut problems = Diagnostics::default();
    let moves = steps.iter().filter_map(|step| Some((step.carries.as_ref()?, step)));
    let mut firsts: IndexMap<&Address, &PlanStep> = IndexMap::new();
    let mut torn: IndexSet<&Address> = IndexSet::new();
    for (table, step) in moves {
        if firsts.entry(table).or_insert(step).segment != step.segment {
            torn.insert(table);
        }
    }
    for table in torn {
        let message = format!("{table} must be made anew in one transaction, but the plan needs a commit in between");
        let problem = Diagnostic::new(Code::Refused, message)
            .help("apply the rest of the changes first, and then this one: with it, nothing else may need a commit");
        problems.push(match firsts[table].origin {
            Some(span) => problem.label(span, "this change moves all rows"),
            None => problem,
        });
    }
    problems.into_result(())
}

/// Returns the indices of the steps at which PostgreSQL requires a transaction to begin; the first is 0, and the number
/// of steps is added as the last.
fn commits(steps: &[PlanStep]) -> Vec<usize> {
    let begins =
        |pair: &[PlanStep]| pair[0].transaction != Transaction::Inside || pair[1].transaction == Transaction::Outside;
    let inner = steps.windows(2).enumerate().filter(|(_, pair)| begins(pair)).map(|(i, _)| i + 1);
    std::iter::once(0).chain(inner).chain([steps.len()]).collect()
}

/// Returns, for each step, whether a transaction may end before it without leaving a change half done. New objects may
/// come one by one, but changes to existing ones are never split. The next plan goes on from there.
fn seams<'a>(steps: &[PlanStep], action: impl Fn(&Address) -> Option<&'a Action>) -> Vec<bool> {
    let mut spans: HashMap<Option<&Address>, (usize, usize)> = HashMap::new();
    for (i, step) in steps.iter().enumerate() {
        let itself = action(&step.at).filter(|a| !matches!(a, Action::Create)).map(|_| &step.at);
        let replaced = step.at.ancestors().filter(|at| matches!(action(at), Some(Action::Replace)));
        // All renames stay together.
        let renamed = (step.verb == Verb::Rename).then_some(None);
        for key in itself.into_iter().chain(replaced).chain(&step.carries).map(Some).chain(renamed) {
            spans.entry(key).or_insert((i, i)).1 = i;
        }
    }
    let mut within = vec![0_i64; steps.len() + 1];
    for (first, last) in spans.into_values() {
        within[first + 1] += 1;
        within[last + 1] -= 1;
    }
    let mut depth = 0;
    let count = |change: i64| {
        depth += change;
        depth == 0
    };
    within.into_iter().map(count).collect()
}

/// Splits a range of steps into transactions that have room for their locks. Returns the index at which each begins.
/// What must not be split may exceed `room`.
fn part(steps: &[PlanStep], range: std::ops::Range<usize>, seams: &[bool], room: usize) -> Vec<usize> {
    let mut begins = vec![range.start];
    let mut taken = Locks::default();
    let mut seam = None;
    for i in range.clone() {
        if i > range.start && seams[i] {
            seam = Some(i);
        }
        taken.add(&steps[i]);
        let Some(begin) = seam.filter(|_| taken.count > room) else { continue };
        begins.push(begin);
        seam = None;
        taken = Locks::default();
        steps[begin..=i].iter().for_each(|step| taken.add(step));
    }
    begins
}

/// Returns an estimate of the number of locks that these steps take in one transaction.
pub fn locks(steps: &[PlanStep]) -> usize {
    let mut taken = Locks::default();
    for step in steps {
        taken.add(step);
    }
    taken.count
}

/// Counts the locks of a transaction.
#[derive(Default)]
struct Locks<'a> {
    count: usize,
    /// How many are counted for each object directly in a schema.
    known: HashMap<&'a Address, usize>,
}

impl<'a> Locks<'a> {
    fn add(&mut self, step: &'a PlanStep) {
        let Some(object) = in_schema(&step.at) else { return };
        let known = self.known.entry(object).or_default();
        self.count += step.locks.saturating_sub(*known);
        *known = step.locks.max(*known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::KindName;

    const ANY: KindName = KindName("any");

    /// A statement that moves rows of a table, in that segment.
    fn moving(table: &str, segment: usize) -> PlanStep {
        let at = Address::root(ANY, table);
        PlanStep {
            carries: Some(at.clone()),
            at,
            verb: Verb::Alter,
            sql: String::new(),
            shown: None,
            hazards: Vec::new(),
            reads: Vec::new(),
            unfit: None,
            size: None,
            lock: Lock::None,
            transaction: Transaction::Inside,
            origin: None,
            locks: 0,
            shared: false,
            demands: Vec::new(),
            hands_to: None,
            admits: None,
            run_as: None,
            quick: false,
            segment,
        }
    }

    #[test]
    fn rows_of_no_table_are_moved_across_a_commit() {
        let torn = |steps: &[(&str, usize)]| {
            let steps: Vec<PlanStep> = steps.iter().map(|(table, segment)| moving(table, *segment)).collect();
            none_is_torn(&steps).err().map_or(0, |problems| problems.iter().count())
        };
        assert_eq!(torn(&[("a", 0), ("a", 1)]), 1);
        assert_eq!(torn(&[("a", 0), ("a", 0), ("b", 1), ("b", 1)]), 0);
        assert_eq!(torn(&[("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2)]), 2, "whose statements alternate");
    }
}
