//! Finds circles in the graph, and breaks them: folded drops in them get statements of their own.

use std::collections::HashSet;

use petgraph::algo::tarjan_scc;

use super::Input;
use super::emit::Emitted;
use super::graph::{Edge, Graph, SlotName, slot_names};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Address, State};

/// Returns the circles of edges that are at least this strong, each as its statements.
pub fn circles(graph: &Graph, weakest: Edge) -> Vec<Vec<usize>> {
    let strong = graph.filter_map(|_, n| Some(*n), |_, e| (*e >= weakest).then_some(()));
    let mut circles: Vec<Vec<usize>> = tarjan_scc(&strong)
        .into_iter()
        .filter(|c| c.len() > 1)
        .map(|c| {
            let mut list: Vec<usize> = c.into_iter().map(|n| strong[n]).collect();
            list.sort_unstable();
            list
        })
        .collect();
    circles.sort();
    circles
}

/// Unfolds the drops in a circle that free a name which something else in it takes: a table is dropped with its
/// constraint, but the constraint has to go before the table can. Returns whether there were any.
pub fn yield_names(emitted: &mut Emitted, circle: &[usize], input: Input<'_>) -> bool {
    let inside: HashSet<usize> = circle.iter().copied().collect();
    let in_circle = |list: &[usize]| list.iter().any(|i| inside.contains(i));
    let makes = emitted.makes.iter().filter(|(_, list)| in_circle(list));
    let taken: HashSet<SlotName> = makes.flat_map(|(at, _)| slot_names(at, input.register)).collect();
    let is_part = |at: &Address| at.parent() != Some(at.top());
    let yields = |at: &&Address| {
        let is_dropped = emitted.drops.get(*at).is_some_and(|list| in_circle(list));
        is_dropped && is_part(at) && slot_names(at, input.register).any(|name| taken.contains(&name))
    };
    let guilty = emitted.folded.iter().filter(yields).cloned().collect();
    unfold_all(guilty, emitted, input)
}

/// Unfolds the drops in a circle of objects that use something else in it. Returns whether there were any.
pub fn unfold(emitted: &mut Emitted, circle: &[usize], input: Input<'_>) -> bool {
    let inside: HashSet<usize> = circle.iter().copied().collect();
    let in_circle = |at: &Address, emitted: &Emitted| {
        emitted.drops.get(at).is_some_and(|list| list.iter().any(|i| inside.contains(i)))
    };
    let together = |at: &Address, to: &Address, emitted: &Emitted| emitted.drops.get(at) == emitted.drops.get(to);
    let uses_circle = |at: &Address, emitted: &Emitted, live: &State| {
        let is_other = |to: &Address| !to.is_within(at.parent().unwrap_or(at)) && !together(at, to, emitted);
        live.uses(at).iter().any(|to| in_circle(to, emitted) && is_other(to))
    };
    let is_guilty = |at: &&Address| in_circle(at, emitted) && uses_circle(at, emitted, input.live);
    let guilty = emitted.folded.iter().filter(is_guilty).cloned().collect();
    unfold_all(guilty, emitted, input)
}

/// Gives all these drops statements of their own, in order. Returns whether any was folded.
fn unfold_all(mut guilty: Vec<Address>, emitted: &mut Emitted, input: Input<'_>) -> bool {
    guilty.sort();
    // All of them are unfolded: `any` would stop at the first.
    guilty.iter().filter(|at| emitted.unfold(at, input)).count() > 0
}

/// Returns the refusal of a plan with a circle that cannot be broken.
pub fn circular(circle: &[usize], emitted: &Emitted) -> Diagnostic {
    let list: Vec<String> = circle.iter().map(|i| format!("{}", emitted.nodes[*i].at)).collect();
    Diagnostic::new(Code::Refused, format!("these changes need each other first: {}", list.join(", ")))
        .help("make the change in two steps, or break the circle in the YAML")
}
