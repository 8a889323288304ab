//! Finds which statements of a plan wait for which.

use std::collections::{HashMap, HashSet};

use petgraph::algo::tred::{dag_to_toposorted_adjacency_list, dag_transitive_reduction_closure};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{EdgeRef, IntoEdgeReferences};

/// A statement and another that waits for it, as indices into the order.
pub type Wait = (usize, usize);

/// Returns the edges of a graph that agree with an order of its nodes. A node that is missing from the order is
/// bridged: what follows it waits for what precedes it.
pub fn kept<E>(graph: &DiGraph<usize, E>, order: &[usize]) -> Vec<Wait> {
    let places: HashMap<usize, usize> = order.iter().enumerate().map(|(place, i)| (*i, place)).collect();
    let mut waits: Vec<Wait> = Vec::new();
    for (first, i) in order.iter().enumerate() {
        let mut seen: HashSet<NodeIndex> = HashSet::new();
        let mut queue: Vec<NodeIndex> = graph.neighbors(NodeIndex::new(*i)).collect();
        while let Some(node) = queue.pop() {
            match places.get(&node.index()) {
                Some(then) => waits.extend((first < *then).then_some((first, *then))),
                None if seen.insert(node) => queue.extend(graph.neighbors(node)),
                None => {}
            }
        }
    }
    waits.sort_unstable();
    waits.dedup();
    waits
}

/// Returns the waits, among `count` statements, that do not follow from others.
pub fn needed(waits: &[Wait], count: usize) -> Vec<Wait> {
    let mut graph = DiGraph::<(), ()>::new();
    for _ in 0..count {
        graph.add_node(());
    }
    for (first, then) in waits {
        graph.update_edge(NodeIndex::new(*first), NodeIndex::new(*then), ());
    }
    // The indices are a topological order already: every statement comes after those that it waits for.
    let sorted: Vec<NodeIndex> = graph.node_indices().collect();
    let (list, _) = dag_to_toposorted_adjacency_list::<_, NodeIndex>(&graph, &sorted);
    let (reduced, _) = dag_transitive_reduction_closure(&list);
    reduced.edge_references().map(|edge| (edge.source().index(), edge.target().index())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_from_others_is_left_out() {
        assert_eq!(needed(&[(0, 1), (0, 2), (1, 2), (0, 3)], 4), [(0, 1), (0, 3), (1, 2)]);
        assert_eq!(needed(&[], 2), []);
    }

    #[test]
    fn an_edge_against_the_order_gave_way() {
        let graph = DiGraph::<usize, ()>::from_edges([(0, 1), (1, 2), (2, 0)]);
        let mut named = graph.map(|i, _| i.index(), |_, ()| ());
        named.update_edge(NodeIndex::new(0), NodeIndex::new(2), ());
        assert_eq!(kept(&named, &[2, 0, 1]), [(0, 1), (1, 2)]);
        assert_eq!(kept(&named, &[0, 2]), [(0, 1)], "across what is left out");
    }
}
