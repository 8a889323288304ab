//! Lays out boxes and arrows: dagre lays out each group of connected boxes, and the groups are put in rows.

use std::collections::BTreeMap;

use dagre::graph::{Graph, GraphOptions};
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, RankDir, Ranker, layout};

use crate::model::diagram::Diagram;

/// A point, in pixels from the upper left corner.
pub type Point = (f64, f64);

/// The positions of all boxes and arrows.
#[derive(Debug, Default)]
pub struct Layout {
    /// The size of the whole diagram.
    pub size: Point,
    /// The upper left corner of each box.
    pub boxes: Vec<Point>,
    /// The points of each arrow, from its start to its end.
    pub arrows: Vec<Vec<Point>>,
}

/// The space between groups, and around the diagram.
const GAP: f64 = 32.0;

/// How far an arrow from a box to itself extends below it.
const LOOP: f64 = 18.0;

/// The number of boxes from which on a faster ranking algorithm is used.
const MANY: usize = 400;

/// Lays out boxes of the given sizes. Arrows run from right to left or, if `down`, from top to bottom.
pub fn place(diagram: &Diagram, sizes: &[Point], down: bool) -> Layout {
    let mut parts: Vec<Part> = parts(diagram).into_iter().map(|boxes| Part::of(diagram, sizes, boxes, down)).collect();
    parts.sort_by(|a, b| b.boxes.len().cmp(&a.boxes.len()).then(a.boxes[0].0.cmp(&b.boxes[0].0)));
    shelves(&parts, diagram)
}

/// Returns the groups of connected boxes, in the order of their first boxes.
fn parts(diagram: &Diagram) -> Vec<Vec<usize>> {
    let mut part: Vec<usize> = (0..diagram.boxes.len()).collect();
    for arrow in &diagram.arrows {
        let (a, b) = (root(&mut part, arrow.from), root(&mut part, arrow.to));
        part[a.max(b)] = a.min(b);
    }
    let mut out: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for i in 0..part.len() {
        out.entry(root(&mut part, i)).or_default().push(i);
    }
    out.into_values().collect()
}

/// Returns the representative of a box's group (union-find with path halving).
fn root(part: &mut [usize], mut i: usize) -> usize {
    while part[i] != i {
        part[i] = part[part[i]];
        i = part[i];
    }
    i
}

/// A group of boxes, laid out by itself.
struct Part {
    size: Point,
    boxes: Vec<(usize, Point)>,
    arrows: Vec<(usize, Vec<Point>)>,
}

impl Part {
    fn of(diagram: &Diagram, sizes: &[Point], boxes: Vec<usize>, down: bool) -> Self {
        if let [one] = boxes[..]
            && diagram.arrows.iter().all(|arrow| arrow.from != one)
        {
            return Self { size: sizes[one], boxes: vec![(one, (0.0, 0.0))], arrows: Vec::new() };
        }
        let mut graph: Graph<NodeLabel, EdgeLabel> =
            Graph::with_options(GraphOptions { directed: true, multigraph: true, compound: false });
        for i in &boxes {
            let (width, height) = sizes[*i];
            graph.set_node(i.to_string(), Some(NodeLabel { width, height, ..NodeLabel::default() }));
        }
        let mine = |from: usize| boxes.binary_search(&from).is_ok();
        for (i, arrow) in diagram.arrows.iter().enumerate().filter(|(_, arrow)| mine(arrow.from)) {
            let name = i.to_string();
            graph.set_edge(arrow.from.to_string(), arrow.to.to_string(), Some(EdgeLabel::default()), Some(&name));
        }
        let options = LayoutOptions {
            rankdir: if down { RankDir::TB } else { RankDir::RL },
            ranker: if boxes.len() > MANY { Ranker::LongestPath } else { Ranker::NetworkSimplex },
            nodesep: 24.0,
            edgesep: 12.0,
            ranksep: if down { 40.0 } else { 72.0 },
            ..LayoutOptions::default()
        };
        layout(&mut graph, Some(options));
        Self::read(&graph, sizes, boxes)
    }

    fn read(graph: &Graph<NodeLabel, EdgeLabel>, sizes: &[Point], boxes: Vec<usize>) -> Self {
        let corner = |i: usize| {
            let node = graph.node(&i.to_string());
            let (x, y) = node.map_or((0.0, 0.0), |n| (n.x.unwrap_or_default(), n.y.unwrap_or_default()));
            (i, (x - sizes[i].0 / 2.0, y - sizes[i].1 / 2.0))
        };
        let boxes: Vec<(usize, Point)> = boxes.into_iter().map(corner).collect();
        let mut arrows: Vec<(usize, Vec<Point>)> = Vec::new();
        for edge in graph.edges() {
            let (Some(i), Some(label)) = (edge.name.as_ref().and_then(|n| n.parse().ok()), graph.edge_by_obj(&edge))
            else {
                continue;
            };
            let points = label.points.iter().map(|p| (p.x, p.y));
            let own = boxes.iter().find(|(name, _)| edge.v == edge.w && name.to_string() == edge.v);
            arrows.push((i, own.map_or_else(|| points.collect(), |(own, at)| hook(*at, sizes[*own]))));
        }
        let ends = boxes.iter().map(|(i, at)| (at.0 + sizes[*i].0, at.1 + sizes[*i].1));
        let points = arrows.iter().flat_map(|(_, points)| points.iter().copied());
        let corners: Vec<Point> = boxes.iter().map(|(_, at)| *at).chain(ends).chain(points).collect();
        let low = corners.iter().fold((f64::MAX, f64::MAX), |l, p| (l.0.min(p.0), l.1.min(p.1)));
        let high = corners.iter().fold((f64::MIN, f64::MIN), |h, p| (h.0.max(p.0), h.1.max(p.1)));
        let moved = |p: Point| (p.0 - low.0, p.1 - low.1);
        Self {
            size: moved(high),
            boxes: boxes.into_iter().map(|(i, at)| (i, moved(at))).collect(),
            arrows: arrows.into_iter().map(|(i, points)| (i, points.into_iter().map(moved).collect())).collect(),
        }
    }
}

/// Returns the points of an arrow from a box to itself, below it.
fn hook(at: Point, size: Point) -> Vec<Point> {
    let (left, right, bottom) = (at.0 + size.0 * 0.3, at.0 + size.0 * 0.7, at.1 + size.1);
    vec![(right, bottom), (right, bottom + LOOP), (left, bottom + LOOP), (left, bottom)]
}

/// Puts groups side by side in rows, so that the diagram is about as wide as it is high.
fn shelves(parts: &[Part], diagram: &Diagram) -> Layout {
    let area: f64 = parts.iter().map(|part| (part.size.0 + GAP) * (part.size.1 + GAP)).sum();
    let widest = parts.iter().map(|part| part.size.0).fold(0.0, f64::max);
    let width = (area * 1.6).sqrt().max(widest);
    let mut out = Layout { boxes: vec![(0.0, 0.0); diagram.boxes.len()], ..Layout::default() };
    out.arrows = vec![Vec::new(); diagram.arrows.len()];
    let (mut x, mut y, mut row) = (GAP, GAP, 0.0_f64);
    for part in parts {
        if x > GAP && x + part.size.0 > width + GAP {
            (x, y, row) = (GAP, y + row + GAP, 0.0);
        }
        for (i, at) in &part.boxes {
            out.boxes[*i] = (at.0 + x, at.1 + y);
        }
        for (i, points) in &part.arrows {
            out.arrows[*i] = points.iter().map(|p| (p.0 + x, p.1 + y)).collect();
        }
        x += part.size.0 + GAP;
        row = row.max(part.size.1);
        out.size = (out.size.0.max(x), out.size.1.max(y + row + GAP));
    }
    out
}
