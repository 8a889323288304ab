//! Sorts the graph of a plan. Of the statements that may run next, it takes the first by phase, register, parent,
//! ordinal and name.
//!
//! The same input always gives the same order. Where soft or faint edges close a circle they give way, the faint ones
//! first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use petgraph::algo::tarjan_scc;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

use super::Input;
use super::emit::{Emitted, Node, Verb};
use super::graph::{Edge, Graph};
use crate::kind::{Scope, find};
use crate::model::Transaction;

/// The part of the plan in which a statement runs if no edge decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Unwatch,
    Rename,
    Drop,
    Make,
    Last,
    DropShared,
}

impl Phase {
    fn of(node: &Node, input: Input<'_>) -> Self {
        let rules = &find(input.register, node.at.kind()).rules;
        match node.verb {
            Verb::Drop if rules.watches => Self::Unwatch,
            _ if rules.last || rules.watches => Self::Last,
            Verb::Rename => Self::Rename,
            // An object of the cluster is dropped once nothing in this database uses it.
            Verb::Drop if rules.scope == Scope::Cluster => Self::DropShared,
            Verb::Drop => Self::Drop,
            Verb::Create | Verb::Alter | Verb::Replace => Self::Make,
        }
    }
}

/// The number of edges of each strength ([`Edge`]) that a statement waits for.
type Waits = [usize; 3];

/// Returns the statements in order, by Kahn's algorithm, without those that were withdrawn.
pub fn sort(graph: &Graph, emitted: &Emitted, input: Input<'_>) -> Vec<usize> {
    let mut queue = Queue::of(graph, emitted, input);
    let order: Vec<usize> = std::iter::from_fn(|| queue.next()).collect();
    order.into_iter().filter(|i| !emitted.nodes[*i].step.sql.is_empty()).collect()
}

/// Statements that have not run yet.
struct Queue<'a> {
    graph: &'a Graph,
    /// All statements, in the order in which they would run if there were no edges.
    by_turn: Vec<usize>,
    /// The index of each statement in `by_turn`.
    turns: Vec<usize>,
    phases: Vec<Phase>,
    outside: Vec<bool>,
    waits: Vec<Waits>,
    done: Vec<bool>,
    /// The number of statements that have not run.
    left: usize,
    /// The turns of the statements that wait for nothing: those that run in a transaction, and those that cannot.
    ready: [BinaryHeap<Reverse<usize>>; 2],
    /// Which of the two lists of `ready` is being used: the other one waits until it is empty.
    side: usize,
}

impl<'a> Queue<'a> {
    fn of(graph: &'a Graph, emitted: &Emitted, input: Input<'_>) -> Self {
        let count = emitted.nodes.len();
        let phases: Vec<Phase> = emitted.nodes.iter().map(|node| Phase::of(node, input)).collect();
        let by_turn = by_turn(&phases, emitted, input);
        let mut turns = vec![0; count];
        for (turn, &i) in by_turn.iter().enumerate() {
            turns[i] = turn;
        }
        let mut waits: Vec<Waits> = vec![[0; 3]; count];
        for edge in graph.edge_references() {
            waits[edge.target().index()][*edge.weight() as usize] += 1;
        }
        let outside = emitted.nodes.iter().map(|n| n.step.transaction == Transaction::Outside).collect();
        let ready = [BinaryHeap::new(), BinaryHeap::new()];
        let mut queue = Self {
            graph,
            by_turn,
            turns,
            phases,
            outside,
            waits,
            done: vec![false; count],
            left: count,
            ready,
            side: 0,
        };
        for i in 0..count {
            if queue.waits[i] == [0; 3] {
                queue.ready(i);
            }
        }
        queue
    }

    /// Returns the statement that runs next.
    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        if self.ready[self.side].is_empty() {
            self.side = 1 - self.side;
        }
        let first = self.ready[self.side].peek().map(|Reverse(turn)| self.by_turn[*turn]);
        // Before a statement that must come last, statements run that only soft or faint edges hold back.
        let held = if first.is_none_or(|i| self.phases[i] == Phase::Last) { self.held() } else { None };
        let next = held.unwrap_or_else(|| {
            self.ready[self.side].pop();
            first.expect("a circle without soft edges was refused before")
        });
        self.run(next);
        Some(next)
    }

    fn ready(&mut self, i: usize) {
        self.ready[usize::from(self.outside[i])].push(Reverse(self.turns[i]));
    }

    /// Marks a statement as run. Statements that waited for nothing else become ready.
    fn run(&mut self, i: usize) {
        self.done[i] = true;
        for edge in self.graph.edges(NodeIndex::new(i)) {
            let target = edge.target().index();
            self.waits[target][*edge.weight() as usize] -= 1;
            if self.waits[target] == [0; 3] && !self.done[target] {
                self.ready(target);
            }
        }
    }

    /// Returns a statement of a circle that can run if soft or faint edges give way.
    fn held(&self) -> Option<usize> {
        let [faint, soft, hard] = [Edge::Faint, Edge::Soft, Edge::Hard].map(|edge| edge as usize);
        let waits = |i: usize| !self.done[i] && self.waits[i] != [0; 3];
        let may_run = |i: &usize| waits(*i) && self.waits[*i][hard] == 0;
        (0..self.waits.len()).find(may_run)?;
        let circle = self.first_circle(waits);
        circle.into_iter().filter(may_run).min_by_key(|&i| (self.waits[i][soft], self.waits[i][faint], self.turns[i]))
    }

    /// Returns waiting statements that wait only for each other. A soft or faint edge may give way only among these.
    fn first_circle(&self, waits: impl Fn(usize) -> bool) -> Vec<usize> {
        let rest = self.graph.filter_map(|_, i| waits(*i).then_some(*i), |_, e| Some(*e));
        // Tarjan's algorithm returns the components in reverse topological order.
        tarjan_scc(&rest).pop().into_iter().flatten().map(|n| rest[n]).collect()
    }
}

/// Returns the statements in the order in which they would run if there were no edges.
fn by_turn(phases: &[Phase], emitted: &Emitted, input: Input<'_>) -> Vec<usize> {
    let mut all: Vec<usize> = (0..emitted.nodes.len()).collect();
    all.sort_by_cached_key(|&i| {
        let at = &emitted.nodes[i].at;
        let rank = input.register.iter().position(|e| e.name == at.kind());
        let path: Vec<String> = at.path().into_iter().map(str::to_owned).collect();
        let parent = path[..path.len().saturating_sub(1)].to_vec();
        let ordinal = input.desired.get(at).map_or(0, |o| o.ordinal);
        (phases[i], rank, parent, ordinal, path, i)
    });
    all
}
