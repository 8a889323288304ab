//! Turns the difference between two states into statements in the order in which they run.
//!
//! The passes are: `rename`, `emit` (which uses `fate` and `rebuild`), `graph` (which uses `sort` and `fold`) and
//! `segment`.

mod alike;
mod circle;
mod emit;
mod fate;
mod fold;
mod graph;
mod implied;
mod needs;
mod overload;
mod planned;
mod rebuild;
mod rename;
mod segment;
mod sort;
mod stranger;
mod wait;

use std::cell::OnceCell;

use indexmap::IndexMap;
use rustc_hash::FxHashSet;

use crate::diagnostic::{Diagnostics, Span};
use crate::diff::{Difference, diff, diff_among};
use crate::kind::names::Names;
use crate::kind::{self, Cx, Entry, Scope, find};
use crate::model::{Act, Address, Demand, Hazard, HazardClass, Lock, Server, Size, State, Transaction};

pub use emit::Verb;
pub use planned::{Lines, Planned};
pub use wait::Wait;

/// The input of a plan.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The managed objects of the database, as they are.
    pub live: &'a State,
    /// All objects of the database, the unmanaged ones included.
    pub whole: &'a State,
    /// The database as declared.
    pub desired: &'a State,
    /// The server.
    pub server: &'a Server,
    /// The register of kinds.
    pub register: &'static [Entry],
    /// Whether statements may take longer and use transactions of their own, so that clients need not wait.
    pub online: bool,
    /// Objects among which are all that differ, if those are known.
    pub suspects: Option<&'a [Address]>,
}

impl<'a> Input<'a> {
    /// Returns the context with which a kind writes statements about the object at `at`.
    pub fn cx(self, at: &'a Address) -> Cx<'a> {
        let Self { live, whole, desired, server, register, online, .. } = self;
        Cx { at, live, whole, desired, server, entry: find(register, at.kind()), register, online }
    }
}

/// One statement of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanStep {
    /// The object it is about.
    pub at: Address,
    /// What the statement does to the object.
    pub verb: Verb,
    /// The text sent.
    pub sql: String,
    /// The text to show instead, if the text sent contains a secret.
    pub shown: Option<String>,
    /// The risks of the statement.
    pub hazards: Vec<Hazard>,
    /// Relations whose rows it reads, besides the one that it is about.
    pub reads: Vec<Address>,
    /// A query of the database as it is before the plan: whether there are rows that make the statement fail.
    pub unfit: Option<String>,
    /// The size of the relation that the statement is about; only set if the statement has hazards.
    pub size: Option<Size>,
    /// The lock it takes.
    pub lock: Lock,
    /// Where it may run.
    pub transaction: Transaction,
    /// The YAML that asked for it.
    pub origin: Option<Span>,
    /// An estimate of how many locks it takes on the table, or whatever else stands in a schema, that it is about.
    pub locks: usize,
    /// Whether it changes something that all databases of the cluster share.
    pub shared: bool,
    /// What the applying role needs to run it.
    pub demands: Vec<Demand>,
    /// The role that owns the object's parent once the statement has run, if the statement changes that.
    pub hands_to: Option<String>,
    /// A role, and the role that the statement makes a member of it.
    pub admits: Option<(String, String)>,
    /// The role that it runs as, if that is not the applying role.
    pub run_as: Option<String>,
    /// The object whose rows it moves, in one transaction with other statements.
    pub carries: Option<Address>,
    /// Whether it is about a new object and its time does not depend on any rows.
    pub quick: bool,
    /// The number of its segment, from 0. Statements of one segment share a transaction.
    pub segment: usize,
}

impl PlanStep {
    /// Returns the text of a hazard, with the size of the relation: `drops the table with its rows (1.2 million rows,
    /// 340 MB)`.
    pub fn risk(&self, hazard: &Hazard) -> String {
        let counts = matches!(hazard.class, HazardClass::Data | HazardClass::Rewrite | HazardClass::Block);
        match self.size.filter(|size| counts && size.bytes > 0) {
            Some(size) => format!("{} ({size})", hazard.what),
            None => hazard.what.clone(),
        }
    }

    /// Returns the place in the YAML that asks for a statement about `at`: that of the object or of its nearest
    /// declared ancestor.
    pub fn origin(at: &Address, desired: &State) -> Option<Span> {
        std::iter::once(at).chain(at.ancestors()).find_map(|at| desired.get(at)?.origin.span())
    }

    /// Returns the text that may be shown: without secrets.
    pub fn text(&self) -> &str {
        self.shown.as_deref().unwrap_or(&self.sql)
    }
}

/// One object that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The object.
    pub at: Address,
    /// What happens to it.
    pub verb: Verb,
    /// The reason, if it is not obvious.
    pub why: Option<String>,
    /// The address before the change, for a rename.
    pub from: Option<Address>,
    /// The YAML that asks for it: that of the object or, if it is dropped, of its nearest declared ancestor.
    pub origin: Option<Span>,
}

/// Statements in order, and the changes they make.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Statements in order.
    pub steps: Vec<PlanStep>,
    /// The objects that change, without those below a new or dropped object.
    pub changes: Vec<Change>,
    /// The addresses of all objects that change, including those below a new or dropped object, sorted.
    pub touched: Vec<Address>,
    /// Warnings for the user.
    pub warnings: Vec<String>,
    /// Which statements wait for which, as indices into `steps`.
    pub waits: Vec<Wait>,
}

impl Plan {
    /// Returns whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Returns the waits that do not follow from other waits.
    pub fn needed_waits(&self) -> Vec<Wait> {
        wait::needed(&self.waits, self.steps.len())
    }

    /// Returns an estimate of the number of locks that the largest transaction takes.
    pub fn largest(&self) -> usize {
        self.steps.chunk_by(|a, b| a.segment == b.segment).map(segment::locks).max().unwrap_or(0)
    }

    /// Returns how many objects are added, changed, replaced and dropped.
    pub fn counts(&self) -> [usize; 4] {
        let of = |verbs: &[Verb]| self.changes.iter().filter(|c| verbs.contains(&c.verb)).count();
        [of(&[Verb::Create]), of(&[Verb::Alter, Verb::Rename]), of(&[Verb::Replace]), of(&[Verb::Drop])]
    }

    /// Returns every hazard with its statement.
    pub fn hazards(&self) -> impl Iterator<Item = (&PlanStep, &Hazard)> {
        self.steps.iter().flat_map(|s| s.hazards.iter().map(move |h| (s, h)))
    }
}

/// Returns the live state as it will be after the renames of the plan.
pub fn renamed(input: Input<'_>) -> State {
    rename::renames(input).0
}

/// Returns how a live state differs from the desired one. It is that of the input, or the same after renames.
pub fn differences(live: &State, input: Input<'_>) -> IndexMap<Address, Difference> {
    match input.suspects {
        Some(suspects) if live.shares_objects_with(input.live) => diff_among(suspects, live, input.desired),
        Some(_) | None => diff(live, input.desired),
    }
}

/// What a plan starts from: the live state after all renames, and how it differs from the desired one.
///
/// Finding that out takes a look at every object, so a plan that is made again, once the sizes of relations are known, starts
/// from the same.
pub struct Start {
    /// The live state after the renames.
    renamed: State,
    /// The same, with what the plan is to foresee.
    live: State,
    renames: rename::Renames,
    /// What differs, before the renames.
    before: IndexMap<Address, Difference>,
    /// What differs, after them.
    differences: IndexMap<Address, Difference>,
    /// What names in the desired state stand for.
    names: OnceCell<Names>,
}

impl Start {
    /// Looks for the renames, and compares the states.
    pub fn of(input: Input<'_>) -> Self {
        let (renamed, renames) = rename::renames(input);
        let mut live = renamed.clone();
        let before = differences(input.live, input);
        debug_assert_eq!(before, diff(input.live, input.desired), "suspects are all that differ");
        let is_upset = || input.register.iter().any(|entry| (entry.is_upset)(&live, input.desired));
        if before.is_empty() && renames.list.is_empty() && !is_upset() {
            return Self { renamed, live, renames, differences: before.clone(), before, names: OnceCell::new() };
        }
        for entry in input.register {
            (entry.foresee)(&mut live, input.desired);
        }
        let same = live.shares_objects_with(input.live);
        let differences = if same { before.clone() } else { diff(&live, input.desired) };
        Self { renamed, live, renames, before, differences, names: OnceCell::new() }
    }

    /// Returns the live state after the renames.
    pub fn renamed(&self) -> &State {
        &self.renamed
    }

    /// Returns whether nothing differs. This does not depend on edges.
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.differences.is_empty() && self.renames.list.is_empty()
    }

    /// Takes over the sizes of relations from the live state that it started from.
    pub fn take_sizes(&mut self, live: &State) {
        self.live.take_sizes(live);
    }
}

/// Makes the plan that turns the live state into the desired one; fails if there is none.
pub fn plan(input: Input<'_>) -> Result<Plan, Diagnostics> {
    plan_from(&Start::of(input), input)
}

/// Makes the plan from what [`Start::of`] found for the same input.
pub fn plan_from(start: &Start, input: Input<'_>) -> Result<Plan, Diagnostics> {
    let Start { live, renames, before, differences, names, .. } = start;
    let mut warnings = renames.warnings.clone();
    if start.is_empty() {
        return Ok(Plan { warnings, ..Plan::default() });
    }
    let input = Input { live, ..input };
    let mut emitted = emit::emit(input, differences, &renames.list)?;
    stranger::none_is_hurt(&emitted, input)?;
    let names = names.get_or_init(|| Names::of(input.desired, input.register));
    let (order, waits) = graph::order(&mut emitted, names, input)?;
    let changes = emitted.changes(input);
    // A rename may also change names of objects that depend on the renamed one.
    let stated = emitted.nodes.iter().map(|n| &n.at).chain(emitted.fates.keys()).cloned();
    let touched: FxHashSet<Address> = before.keys().cloned().chain(stated).collect();
    let mut touched: Vec<Address> = touched.into_iter().collect();
    touched.sort_unstable();
    warnings.extend(emitted.nodes.iter().filter_map(|node| node.step.warns.clone()));
    let mut steps: Vec<PlanStep> = order.into_iter().map(|i| step(&emitted, i, input)).collect();
    segment::segment(&mut steps, &emitted, input);
    segment::none_is_torn(&steps)?;
    warnings.extend(alike::hints(&changes, &steps, input));
    warnings.extend(implied::warnings(&emitted, input));
    Ok(Plan { steps, changes, touched, warnings, waits })
}

/// Returns what a statement breaks for clients, as the beginning of a message: a visible name goes away, or stands for
/// something else. An object that is dropped and created again unchanged breaks nothing.
fn breaks(emitted: &emit::Emitted, i: usize, input: Input<'_>) -> Option<&'static str> {
    let node = &emitted.nodes[i];
    if !find(input.register, node.at.kind()).rules.visible {
        return None;
    }
    let last_drop = emitted.drops.get(&node.at).and_then(|drops| drops.last()) == Some(&i);
    match (node.verb, input.live.get(&node.at), input.desired.get(&node.at)) {
        // If a rename takes several statements, only the one that takes the new name reports it.
        (Verb::Rename, _, _) if emitted.moves.iter().any(|m| m.takes == Some(i)) => {
            Some("clients know the old name of")
        }
        (Verb::Drop, Some(there), Some(wanted)) if there.spec.same(&*wanted.spec) => None,
        (Verb::Drop, _, Some(_)) if last_drop => Some("clients find another"),
        (Verb::Drop, _, None) if last_drop => Some("clients lose"),
        (Verb::Drop | Verb::Create | Verb::Alter | Verb::Replace | Verb::Rename, _, _) => None,
    }
}

fn step(emitted: &emit::Emitted, i: usize, input: Input<'_>) -> PlanStep {
    let node = &emitted.nodes[i];
    let mut hazards = node.step.hazards.clone();
    if let Some(what) = breaks(emitted, i, input).filter(|_| hazards.iter().all(|h| h.class != HazardClass::Breaking)) {
        hazards.push(Hazard { class: HazardClass::Breaking, what: format!("{what} {}", node.at) });
    }
    let size = std::iter::once(&node.at).chain(node.at.ancestors()).find_map(|at| input.live.size(at));
    PlanStep {
        at: node.at.clone(),
        verb: node.verb,
        sql: node.step.sql.clone(),
        shown: node.step.shown.clone(),
        size: size.filter(|_| !hazards.is_empty()),
        hazards,
        reads: node.step.reads.clone(),
        unfit: node.step.unfit.clone(),
        lock: node.step.lock,
        transaction: node.step.transaction,
        origin: PlanStep::origin(&node.at, input.desired),
        locks: 0,
        shared: is_shared(&node.at, input.register),
        demands: demands(node, input),
        hands_to: node.step.hands_to.clone(),
        admits: node.step.admits.clone(),
        run_as: node.step.run_as.clone(),
        carries: node.step.carries.clone(),
        quick: is_quick(node, emitted),
        segment: 0,
    }
}

/// Returns whether a statement is about an object that the plan creates in a schema, or about what is below one, and its time
/// does not depend on any rows.
fn is_quick(node: &emit::Node, emitted: &emit::Emitted) -> bool {
    let emit::Node { at, step, verb: _ } = node;
    let is_new =
        |at: &Address| matches!(emitted.fates.get(at), Some(fate) if matches!(fate.action, fate::Action::Create));
    segment::in_schema(at).is_some_and(is_new)
        && !step.queries
        && step.hazards.is_empty()
        && step.reads.is_empty()
        && step.carries.is_none()
        && step.shown.is_none()
}

/// Returns whether an object, or one of its ancestors, is shared by all databases of the cluster.
fn is_shared(at: &Address, register: &'static [Entry]) -> bool {
    std::iter::once(at).chain(at.ancestors()).any(|at| find(register, at.kind()).rules.scope == Scope::Cluster)
}

/// Returns what the applying role needs to run a statement.
fn demands(node: &emit::Node, input: Input<'_>) -> Vec<Demand> {
    let act = match node.verb {
        Verb::Create => Act::Make,
        Verb::Alter | Verb::Rename | Verb::Replace => Act::Change,
        Verb::Drop => Act::Drop,
    };
    let cx = input.cx(&node.at);
    let (live, desired) = (input.live.get(&node.at), input.desired.get(&node.at));
    match if act == Act::Drop { live.or(desired) } else { desired.or(live) } {
        Some(object) => (cx.entry.demands)(&*object.spec, act, &cx),
        None => kind::demands::usual(act, &cx),
    }
}
