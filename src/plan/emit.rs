//! Decides what happens to each object that differs, and has its kind write the statements.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::fate::{self, Action, Fate};
use super::rename::Rename;
use super::{Change, Input, PlanStep, rebuild};
use crate::diagnostic::Diagnostics;
use crate::diff::Difference;
use crate::kind::{Alter, find};
use crate::model::{Address, Spec, Step};

/// What happens to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// It is created.
    Create,
    /// It changes in place.
    Alter,
    /// It is renamed.
    Rename,
    /// It is dropped and created again.
    Replace,
    /// It is dropped.
    Drop,
}

/// A statement about an object, which becomes a node of the graph.
#[derive(Debug, Clone)]
pub struct Node {
    /// The object.
    pub at: Address,
    /// Create, alter, rename or drop.
    pub verb: Verb,
    /// The statement.
    pub step: Step,
}

/// All statements, not yet in order, and which of them create and drop which object.
#[derive(Debug, Default)]
pub struct Emitted {
    /// All statements. The numbers below are indices into this list.
    pub nodes: Vec<Node>,
    /// The statements that create, change or rename each object, in the order in which they must run.
    pub makes: HashMap<Address, Vec<usize>>,
    /// The statements that drop each object, in the order in which they must run.
    pub drops: HashMap<Address, Vec<usize>>,
    /// The statements that run while no user of an object exists (`Step::unseats`), in the order written.
    pub unseats: HashMap<Address, Vec<usize>>,
    /// Objects without a drop of their own, because a statement about another object drops them.
    pub folded: HashSet<Address>,
    /// For the last statement of a drop, the objects that PostgreSQL drops along with the statement's own.
    pub carried: HashMap<usize, Vec<Address>>,
    /// The objects that are renamed.
    pub moves: Vec<Move>,
    /// The fate of each object that differs, or that is rebuilt because of one that does.
    pub fates: IndexMap<Address, Fate>,
}

/// The rename of an object.
#[derive(Debug)]
pub struct Move {
    /// Its address before.
    pub from: Address,
    /// Its address after.
    pub to: Address,
    /// The statement after which the old name is free, if the rename needs a statement.
    pub frees: Option<usize>,
    /// The statement that takes the new name, if the rename needs one.
    pub takes: Option<usize>,
}

/// Decides what happens to every object that differs, and writes the statements.
pub fn emit(
    input: Input<'_>,
    differences: &IndexMap<Address, Difference>,
    renames: &[Rename],
) -> Result<Emitted, Diagnostics> {
    let mut problems = Diagnostics::default();
    let mut fates = fate::decide(differences, input, &mut problems);
    rebuild::spread(&mut fates, input, &mut problems);
    fate::protect(&fates, input, &mut problems);
    problems.into_result(())?;
    let mut out = Emitted { fates, ..Emitted::default() };
    for rename in renames {
        if falls_anyway(&rename.to, &out.fates, input) {
            continue;
        }
        out.renames(rename.clone());
    }
    out.drops(input);
    out.makes(input);
    Ok(out)
}

/// Returns whether an object is dropped and created again along with an ancestor that is replaced, so that it need not
/// be renamed.
fn falls_anyway(at: &Address, fates: &IndexMap<Address, Fate>, input: Input<'_>) -> bool {
    let replaced = |p: &Address| fates.get(p).is_some_and(|f| matches!(f.action, Action::Replace));
    let rules = &find(input.register, at.kind()).rules;
    rules.falls_with_parent && !rules.holds_values && at.ancestors().any(replaced)
}

impl Emitted {
    fn renames(&mut self, Rename { from, to, leaves, arrives }: Rename) {
        let mut add = |nodes: Vec<Node>| {
            let first = self.nodes.len();
            for node in nodes {
                self.add(node);
            }
            (first..self.nodes.len()).next().map(|first| (first, self.nodes.len() - 1))
        };
        let (left, arrived) = (add(leaves), add(arrives));
        let frees = left.or(arrived).map(|(_, last)| last);
        self.moves.push(Move { from, to, frees, takes: arrived.map(|(first, _)| first) });
    }

    fn add(&mut self, node: Node) {
        let index = self.nodes.len();
        let table = if node.verb == Verb::Drop { &mut self.drops } else { &mut self.makes };
        table.entry(node.at.clone()).or_default().push(index);
        for used in &node.step.unseats {
            self.unseats.entry(used.clone()).or_default().push(index);
        }
        for other in &node.step.speaks_for {
            table.entry(other.clone()).or_default().push(index);
            if node.verb == Verb::Drop {
                self.folded.insert(other.clone());
            }
        }
        self.nodes.push(node);
    }

    /// Writes the drops. An object that PostgreSQL drops along with its parent, or with something it depends on, gets
    /// no statement of its own.
    fn drops(&mut self, input: Input<'_>) {
        let dropped: Vec<Address> = self
            .fates
            .iter()
            .filter(|(_, f)| matches!(f.action, Action::Drop | Action::Replace))
            .map(|(a, _)| a.clone())
            .collect();
        let renewed: Vec<Address> = self
            .fates
            .iter()
            .filter(|(a, f)| f.action.makes_anew() && input.live.contains(a))
            .map(|(a, _)| a.clone())
            .collect();
        let set: HashSet<&Address> = dropped.iter().chain(&renewed).collect();
        let carrier = |at: &Address| -> Option<Address> {
            let falls = find(input.register, at.kind()).rules.falls_with_parent;
            let mut solid = at.ancestors().filter(|p| !find(input.register, p.kind()).rules.shadow);
            let parent = solid.next().filter(|p| falls && set.contains(p)).cloned();
            parent.or_else(|| input.live.falls_with(at).iter().find(|o| set.contains(*o)).cloned())
        };
        let mut carried: Vec<(Address, Address)> = Vec::new();
        let mut spoken: HashSet<Address> = HashSet::new();
        for at in &dropped {
            let mut top = at.clone();
            let mut seen = HashSet::new();
            while let Some(next) = carrier(&top).filter(|_| seen.insert(top.clone())) {
                top = next;
            }
            if top == *at {
                let spec = &input.live.get(at).expect("what is dropped stands").spec;
                for step in (find(input.register, at.kind()).drop)(&**spec, &input.cx(at)) {
                    spoken.extend(step.speaks_for.iter().cloned());
                    self.add(Node { at: at.clone(), verb: Verb::Drop, step });
                }
            } else {
                carried.push((at.clone(), top));
            }
        }
        self.retract(&spoken, Verb::Drop);
        for (at, top) in carried {
            let nodes = self.drops.get(&top).cloned().unwrap_or_default();
            if let Some(last) = nodes.last() {
                self.carried.entry(*last).or_default().push(at.clone());
            }
            self.drops.insert(at.clone(), nodes);
            self.folded.insert(at);
        }
    }

    /// Gives a folded drop statements of its own, to break a cycle. Returns whether it could.
    pub fn unfold(&mut self, at: &Address, input: Input<'_>) -> bool {
        if !self.folded.remove(at) {
            return false;
        }
        let Some(object) = input.live.get(at) else { return false };
        self.drops.remove(at);
        for step in (find(input.register, at.kind()).drop)(&*object.spec, &input.cx(at)) {
            self.add(Node { at: at.clone(), verb: Verb::Drop, step });
        }
        true
    }

    fn makes(&mut self, input: Input<'_>) {
        let mut spoken: HashSet<Address> = HashSet::new();
        let fates = std::mem::take(&mut self.fates);
        for (at, fate) in &fates {
            let steps = match &fate.action {
                Action::Drop => continue,
                Action::Alter(steps) => {
                    let new = steps.iter().filter(|s| s.renews);
                    spoken.extend(new.flat_map(|s| s.speaks_for.iter().cloned()));
                    steps.clone()
                }
                Action::Create | Action::Replace if find(input.register, at.kind()).is_facet() => continue,
                Action::Create | Action::Replace => {
                    let wanted = input.desired.get(at).expect("what is made is wanted");
                    let spec = wanted.as_written();
                    let steps = (find(input.register, at.kind()).create)(&**spec, &input.cx(at));
                    spoken.extend(steps.iter().flat_map(|s| s.speaks_for.iter().cloned()));
                    steps
                }
            };
            let verb = if matches!(fate.action, Action::Alter(_)) { Verb::Alter } else { Verb::Create };
            if verb == Verb::Alter || !spoken.contains(at) {
                for step in steps {
                    self.add(Node { at: at.clone(), verb, step });
                }
            }
        }
        self.retract(&spoken, Verb::Create);
        self.facets(&fates, input);
        self.fates = fates;
    }

    /// Withdraws the statements written for objects that a statement about another object creates or drops. Their text
    /// becomes empty, and `sort` leaves them out.
    fn retract(&mut self, spoken: &HashSet<Address>, verb: Verb) {
        for node in &mut self.nodes {
            if node.verb == verb && spoken.contains(&node.at) {
                node.step.sql.clear();
            }
        }
        let table = if verb == Verb::Drop { &mut self.drops } else { &mut self.makes };
        for at in spoken {
            if let Some(list) = table.get_mut(at) {
                list.retain(|i| !self.nodes[*i].step.sql.is_empty());
            }
        }
    }

    /// Writes the statements for the facets of new objects, starting from those that an object is born with.
    fn facets(&mut self, fates: &IndexMap<Address, Fate>, input: Input<'_>) {
        let made = |at: &Address| fates.get(at).is_some_and(|f| f.action.makes_anew());
        for (at, _) in fates.iter().filter(|(at, _)| made(at)) {
            let entry = find(input.register, at.kind());
            if entry.is_facet() {
                if !at.parent().is_some_and(made) {
                    self.facet(at, None, input);
                }
                continue;
            }
            for facet in input.register.iter().filter(|e| e.is_facet() && e.nests_under(Some(entry)).next().is_some()) {
                let born: HashMap<String, Arc<dyn Spec>> = (facet.born)(at, &input.cx(at)).into_iter().collect();
                let mut keys: Vec<Address> = born.keys().map(|k| at.child(facet.name, k)).collect();
                keys.extend(input.desired.children(at).into_iter().filter(|c| c.kind() == facet.name).cloned());
                keys.sort();
                keys.dedup();
                for key in &keys {
                    let born = born.get(key.key()).map(|s| &**s).filter(|s| (facet.managed)(*s, key, input.desired));
                    self.facet(key, born, input);
                }
            }
        }
    }

    /// Writes the statements that turn a facet as it is at birth into the declared one.
    fn facet(&mut self, at: &Address, born: Option<&dyn Spec>, input: Input<'_>) {
        let entry = find(input.register, at.kind());
        let cx = input.cx(at);
        let (verb, steps) = match (born, input.desired.get(at)) {
            (None, None) => return,
            (Some(born), None) => (Verb::Alter, (entry.drop)(born, &cx)),
            (None, Some(wanted)) => (Verb::Create, (entry.create)(&*wanted.spec, &cx)),
            (Some(born), Some(wanted)) if born.same(&*wanted.spec) => return,
            (Some(born), Some(wanted)) => match (entry.alter)(&*wanted.spec, born, &cx) {
                Alter::InPlace(steps) => (Verb::Alter, steps),
                Alter::Replace(_) | Alter::Drop | Alter::Refuse(_) => {
                    (Verb::Create, (entry.create)(&*wanted.spec, &cx))
                }
            },
        };
        for mut step in steps {
            step.hazards.clear();
            self.add(Node { at: at.clone(), verb, step });
        }
    }

    /// Returns the changes, without those below an object that is itself created or dropped.
    pub fn changes(&self, input: Input<'_>) -> Vec<Change> {
        let verb = |f: &Fate| match f.action {
            Action::Create => Verb::Create,
            Action::Alter(_) => Verb::Alter,
            Action::Replace => Verb::Replace,
            Action::Drop => Verb::Drop,
        };
        let stated = |at: &Address| self.makes.contains_key(at) || self.drops.contains_key(at);
        let covered = |at: &Address, f: &Fate| {
            let whole = |p: &Address| {
                self.fates.get(p).is_some_and(|f| f.action.makes_anew() || matches!(f.action, Action::Drop))
                    && stated(p)
            };
            at.ancestors().any(whole) || !stated(at) || matches!(f.action, Action::Drop) && self.folded.contains(at)
        };
        let renamed = self.moves.iter().map(|m| Change {
            at: m.to.clone(),
            verb: Verb::Rename,
            why: None,
            from: Some(m.from.clone()),
            origin: PlanStep::origin(&m.to, input.desired),
        });
        let mut changes: Vec<Change> = renamed.collect();
        changes.extend(self.fates.iter().filter(|(at, f)| !covered(at, f)).map(|(at, f)| Change {
            at: at.clone(),
            verb: verb(f),
            why: f.why.clone(),
            from: None,
            origin: PlanStep::origin(at, input.desired),
        }));
        let rank = |c: &Change| input.register.iter().position(|e| e.name == c.at.kind());
        changes
            .sort_by(|a, b| (a.at.top().path(), rank(a), a.at.path()).cmp(&(b.at.top().path(), rank(b), b.at.path())));
        changes
    }
}
