//! From a difference to statements in order. The passes, in order: emit (with rebuild), graph, fold, segment.

mod alike;
mod emit;
mod fate;
mod fold;
mod graph;
mod needs;
mod overload;
mod planned;
mod rebuild;
mod rename;
mod segment;
mod sort;
mod stranger;
mod wait;

use crate::diagnostic::{Diagnostics, Span};
use crate::diff::diff;
use crate::kind::{self, Cx, Entry, Scope, find};
use crate::model::{Act, Address, Demand, Hazard, HazardClass, Lock, Server, Size, State, Transaction};

pub use emit::Verb;
pub use planned::{Lines, Planned};
pub use wait::Wait;

/// What a plan is made from.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The database as it is, as far as it is managed.
    pub live: &'a State,
    /// The same with what is not managed.
    pub whole: &'a State,
    /// The database as wanted.
    pub desired: &'a State,
    /// The server.
    pub server: &'a Server,
    /// Every kind.
    pub register: &'static [Entry],
    /// Whether statements may take longer, and transactions of their own, so that clients need not wait.
    pub online: bool,
}

impl<'a> Input<'a> {
    /// What a kind may look at while it writes statements about `at`.
    pub fn cx(self, at: &'a Address) -> Cx<'a> {
        let Self { live, whole, desired, server, register, online } = self;
        Cx { at, live, whole, desired, server, entry: find(register, at.kind()), register, online }
    }
}

/// One statement of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanStep {
    /// The object it is about.
    pub at: Address,
    /// What it does to it.
    pub verb: Verb,
    /// The text sent.
    pub sql: String,
    /// The text shown, where the one sent holds a secret.
    pub shown: Option<String>,
    /// Risks.
    pub hazards: Vec<Hazard>,
    /// How much the relation holds that it is about, where it risks something.
    pub size: Option<Size>,
    /// The lock it takes.
    pub lock: Lock,
    /// Where it may run.
    pub transaction: Transaction,
    /// The YAML that asked for it.
    pub origin: Option<Span>,
    /// How many relations it makes, changes or drops.
    pub relations: usize,
    /// True where it changes what all databases of the cluster share.
    pub shared: bool,
    /// What the role that applies needs for it.
    pub demands: Vec<Demand>,
    /// The role that owns what the object stands under after it.
    pub hands_to: Option<String>,
    /// A role, and the one that is a member of it after it.
    pub admits: Option<(String, String)>,
    /// The role that it runs as, where that is not the one that applies.
    pub run_as: Option<String>,
    /// Its segment, counted from 0: statements of a segment share a transaction.
    pub segment: usize,
}

impl PlanStep {
    /// What a hazard may cost, with how much it is about: `drops the table with its rows (1.2 million rows, 340 MB)`.
    pub fn risk(&self, hazard: &Hazard) -> String {
        let counts = matches!(hazard.class, HazardClass::Data | HazardClass::Rewrite | HazardClass::Block);
        match self.size.filter(|size| counts && size.bytes > 0) {
            Some(size) => format!("{} ({size})", hazard.what),
            None => hazard.what.clone(),
        }
    }

    /// The place in the YAML that asks for a statement about `at`.
    pub fn origin(at: &Address, desired: &State) -> Option<Span> {
        std::iter::once(at).chain(at.ancestors()).find_map(|at| desired.get(at)?.origin.span())
    }

    /// The text that may be shown.
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
    /// Why, where that is not plain.
    pub why: Option<String>,
    /// Its address before a rename.
    pub from: Option<Address>,
}

/// Statements in order, and the changes they make.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Statements in order.
    pub steps: Vec<PlanStep>,
    /// Objects that change, those under a new or dropped one left out.
    pub changes: Vec<Change>,
    /// Every object that changes, those under a new or dropped one with it.
    pub touched: Vec<Address>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Which statements wait for which, each by its place.
    pub waits: Vec<Wait>,
}

impl Plan {
    /// True when there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The waits that do not follow from others.
    pub fn needed_waits(&self) -> Vec<Wait> {
        wait::needed(&self.waits, self.steps.len())
    }

    /// How many locks its largest transaction takes, as an estimate.
    pub fn largest(&self) -> usize {
        self.steps.chunk_by(|a, b| a.segment == b.segment).map(segment::locks).max().unwrap_or(0)
    }

    /// How many objects are added, changed, replaced and dropped.
    pub fn counts(&self) -> [usize; 4] {
        let of = |verbs: &[Verb]| self.changes.iter().filter(|c| verbs.contains(&c.verb)).count();
        [of(&[Verb::Create]), of(&[Verb::Alter, Verb::Rename]), of(&[Verb::Replace]), of(&[Verb::Drop])]
    }

    /// Every hazard with its statement.
    pub fn hazards(&self) -> impl Iterator<Item = (&PlanStep, &Hazard)> {
        self.steps.iter().flat_map(|s| s.hazards.iter().map(move |h| (s, h)))
    }
}

/// The live state with everything under the name that is wanted for it, as after the renames of the plan.
pub fn renamed(input: Input<'_>) -> State {
    rename::renames(input).0
}

/// Makes the plan that turns `live` into `desired`, or says why there is none.
pub fn plan(input: Input<'_>) -> Result<Plan, Diagnostics> {
    let (mut live, renames) = rename::renames(input);
    let before = diff(input.live, input.desired);
    let mut warnings = renames.warnings;
    if before.is_empty() && renames.list.is_empty() {
        return Ok(Plan { warnings, ..Plan::default() });
    }
    for entry in input.register {
        (entry.foresee)(&mut live, input.desired);
    }
    let input = Input { live: &live, ..input };
    let mut emitted = emit::emit(input, renames.list)?;
    stranger::none_is_hurt(&emitted, input)?;
    let (order, waits) = graph::order(&mut emitted, input)?;
    let changes = emitted.changes(input);
    // Renames move the names of what hangs on the object too.
    let stated = emitted.nodes.iter().map(|n| &n.at).chain(emitted.fates.keys()).cloned();
    let mut touched: Vec<Address> = before.into_keys().chain(stated).collect();
    touched.sort();
    touched.dedup();
    warnings.extend(emitted.nodes.iter().filter_map(|node| node.step.warns.clone()));
    let mut steps: Vec<PlanStep> = order.into_iter().map(|i| step(&emitted, i, input)).collect();
    segment::segment(&mut steps, &emitted, input);
    warnings.extend(alike::hints(&changes, &steps, input));
    Ok(Plan { steps, changes, touched, warnings, waits })
}

/// What clients see of a statement: a name goes, or stands for something else. What comes back as it was is not missed.
fn breaks(emitted: &emit::Emitted, i: usize, input: Input<'_>) -> Option<&'static str> {
    let node = &emitted.nodes[i];
    if !find(input.register, node.at.kind()).rules.visible {
        return None;
    }
    let last_drop = emitted.drops.get(&node.at).and_then(|drops| drops.last()) == Some(&i);
    match (node.verb, input.live.get(&node.at), input.desired.get(&node.at)) {
        // Where a rename takes several statements, the one that takes the new name says so.
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
        lock: node.step.lock,
        transaction: node.step.transaction,
        origin: PlanStep::origin(&node.at, input.desired),
        relations: emitted.relations(i, input),
        shared: is_shared(&node.at, input.register),
        demands: demands(node, input),
        hands_to: node.step.hands_to.clone(),
        admits: node.step.admits.clone(),
        run_as: node.step.run_as.clone(),
        segment: 0,
    }
}

/// True for what all databases of the cluster share, and what is said of that.
fn is_shared(at: &Address, register: &'static [Entry]) -> bool {
    std::iter::once(at).chain(at.ancestors()).any(|at| find(register, at.kind()).rules.scope == Scope::Cluster)
}

/// What the role that applies needs for a statement.
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
