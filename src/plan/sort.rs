//! The graph of a plan in order: of the statements that may run next, the first by phase, register and name.
//!
//! One input has one order. Where faint or soft edges close a circle they give way, the faint ones first.

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

/// When a statement runs if nothing else decides.
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
            // What the whole cluster shares goes once nothing of this database uses it.
            Verb::Drop if rules.scope == Scope::Cluster => Self::DropShared,
            Verb::Drop => Self::Drop,
            Verb::Create | Verb::Alter | Verb::Replace => Self::Make,
        }
    }
}

/// How many edges of each sort a statement waits for.
type Waits = [usize; 3];

/// The statements as they run, by Kahn's algorithm; those that were taken back are left out.
pub fn sort(graph: &Graph, emitted: &Emitted, input: Input<'_>) -> Vec<usize> {
    let mut queue = Queue::of(graph, emitted, input);
    let order: Vec<usize> = std::iter::from_fn(|| queue.next()).collect();
    order.into_iter().filter(|i| !emitted.nodes[*i].step.sql.is_empty()).collect()
}

/// Statements that have not run yet.
struct Queue<'a> {
    graph: &'a Graph,
    /// Every statement, in the order in which they would run if none waited for another.
    by_turn: Vec<usize>,
    /// The place of each statement in `by_turn`.
    turns: Vec<usize>,
    phases: Vec<Phase>,
    outside: Vec<bool>,
    waits: Vec<Waits>,
    done: Vec<bool>,
    /// How many are not done.
    left: usize,
    /// The turns of those that wait for nothing: what runs in a transaction, and what can't.
    ready: [BinaryHeap<Reverse<usize>>; 2],
    /// Of which of the two there is more now: as long as there is any, the other waits.
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

    /// The statement that runs next.
    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        if self.ready[self.side].is_empty() {
            self.side = 1 - self.side;
        }
        let first = self.ready[self.side].peek().map(|Reverse(turn)| self.by_turn[*turn]);
        // What must come last waits for what only soft edges hold back.
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

    /// Marks a statement as run; what waited for nothing else is ready.
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

    /// The statement that runs although soft or faint edges hold it back: one of a circle that they close.
    fn held(&self) -> Option<usize> {
        let [faint, soft, hard] = [Edge::Faint, Edge::Soft, Edge::Hard].map(|edge| edge as usize);
        let waits = |i: usize| !self.done[i] && self.waits[i] != [0; 3];
        let may_run = |i: &usize| waits(*i) && self.waits[*i][hard] == 0;
        (0..self.waits.len()).find(may_run)?;
        let circle = self.first_circle(waits);
        circle.into_iter().filter(may_run).min_by_key(|&i| (self.waits[i][soft], self.waits[i][faint], self.turns[i]))
    }

    /// Of what is waiting, the statements that wait for nothing but each other: only there may a soft edge give way.
    fn first_circle(&self, waits: impl Fn(usize) -> bool) -> Vec<usize> {
        let rest = self.graph.filter_map(|_, i| waits(*i).then_some(*i), |_, e| Some(*e));
        // Tarjan's algorithm gives what comes last first.
        tarjan_scc(&rest).pop().into_iter().flatten().map(|n| rest[n]).collect()
    }
}

/// The statements in the order in which they would run if none waited for another.
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
