//! Builds the graph of a plan: a node for every statement, an edge for every reason why one must run before another.
//!
//! Hard edges come from the references of objects and from `pg_depend`. Soft edges come from names in SQL text, which
//! may mean something else; faint ones from unqualified names there, which may also be variables or aliases. If hard
//! edges form a circle that contains folded drops, these drops get statements of their own; any other circle of hard
//! edges is refused.

use std::collections::{BTreeMap, HashMap, hash_map};

use petgraph::algo::has_path_connecting;
use petgraph::graph::{DiGraph, EdgeIndex, NodeIndex};
use petgraph::visit::EdgeFiltered;
use rustc_hash::FxHashMap;

use super::circle::{circles, circular, unfold, yield_names};
use super::emit::{Emitted, Verb};
use super::needs::needs;
use super::sort::sort;
use super::wait::{self, Wait};
use super::{Input, fold, overload};
use crate::diagnostic::Diagnostics;
use crate::kind::names::Names;
use crate::kind::{CONSTRAINT, Entry, RELATION, Reference, References, Slot, find};
use crate::model::{Address, Transaction};

/// How strong an edge is. Where edges form a circle, the weakest are ignored first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Edge {
    /// From an unqualified name in SQL text.
    Faint,
    /// From a qualified name in SQL text, or another dependency that is only likely.
    Soft,
    /// From a known dependency.
    Hard,
}

/// The graph of a plan. Each node is a statement, given by its index in `emitted.nodes`.
pub(super) type Graph = DiGraph<usize, Edge>;

/// A name in a slot of a schema: the slot, the schema, the name. For a constraint, its table stands for the schema.
pub(super) type SlotName = (Slot, String, String);

/// Returns the names that an object takes.
pub(super) fn slot_names(at: &Address, register: &'static [Entry]) -> impl Iterator<Item = SlotName> {
    let rules = &find(register, at.kind()).rules;
    let slots = rules.slots.iter().map(|slot| (*slot, at.top().key().to_owned(), at.key().to_owned()));
    slots.chain(constraint_name(at, register))
}

/// Returns the name that a constraint takes among all those of its parent.
pub(super) fn constraint_name(at: &Address, register: &'static [Entry]) -> Option<SlotName> {
    let parent = at.parent().filter(|_| find(register, at.kind()).rules.is_constraint())?;
    Some((CONSTRAINT, parent.path().join("."), at.key().to_owned()))
}

/// Returns the statements in the order in which they run, as indices into `emitted.nodes`, and which of them wait for
/// which, as indices into that order. `names` are those of the desired state.
pub fn order(emitted: &mut Emitted, names: &Names, input: Input<'_>) -> Result<(Vec<usize>, Vec<Wait>), Diagnostics> {
    loop {
        let graph = build(emitted, input, names);
        let circle = circles(&graph, Edge::Hard).into_iter().next().unwrap_or_default();
        if circle.is_empty() {
            // A name in SQL text may well mean what it says, so it does not give way where a constraint could.
            if circles(&graph, Edge::Soft).iter().any(|circle| yield_names(emitted, circle, input)) {
                continue;
            }
            let order = sort(&graph, emitted, input);
            let waits = wait::kept(&graph, &order);
            return Ok(fold::fold(emitted, &order, &waits));
        }
        if !yield_names(emitted, &circle, input) && !unfold(emitted, &circle, input) {
            return Err(circular(&circle, emitted).into());
        }
    }
}

/// Builds the graph, with a node per statement in the order of `emitted.nodes`.
fn build(emitted: &Emitted, input: Input<'_>, names: &Names) -> Graph {
    let mut builder = Builder { graph: Graph::new(), edges: FxHashMap::default(), emitted, input };
    for i in 0..emitted.nodes.len() {
        builder.graph.add_node(i);
    }
    builder.chains();
    builder.makes(names);
    builder.drops();
    builder.slots();
    builder.moves();
    builder.carries();
    builder.graph
}

struct Builder<'a> {
    graph: Graph,
    /// The edge between two nodes, for look-up: a node such as a schema's has too many edges to search.
    edges: FxHashMap<(usize, usize), EdgeIndex>,
    emitted: &'a Emitted,
    input: Input<'a>,
}

impl Builder<'_> {
    fn edge(&mut self, before: usize, after: usize, edge: Edge) {
        if before == after {
            return;
        }
        let Self { graph, edges, .. } = self;
        match edges.entry((before, after)) {
            hash_map::Entry::Occupied(there) => graph[*there.get()] = edge,
            hash_map::Entry::Vacant(new) => {
                _ = new.insert(graph.add_edge(NodeIndex::new(before), NodeIndex::new(after), edge));
            }
        }
    }

    /// Returns the strength of the edge between two nodes, if there is one.
    fn known(&self, before: usize, after: usize) -> Option<Edge> {
        self.edges.get(&(before, after)).map(|there| self.graph[*there])
    }

    fn made(&self, at: &Address) -> &[usize] {
        self.emitted.makes.get(at).map_or(&[], Vec::as_slice)
    }

    /// Returns the first statement that creates or changes an object, not counting renames.
    fn made_again(&self, at: &Address) -> Option<usize> {
        self.made(at).iter().copied().find(|i| self.emitted.nodes[*i].verb != Verb::Rename)
    }

    fn dropped(&self, at: &Address) -> &[usize] {
        self.emitted.drops.get(at).map_or(&[], Vec::as_slice)
    }

    /// Returns the statement after which others may use an object. For a new object this is the last step that
    /// `completes` it, or else the first that creates it; for an existing object, the last change that is not `late`.
    fn stands_from(&self, at: &Address) -> Option<usize> {
        let steps = self.made(at);
        let first = steps.iter().find(|i| self.emitted.nodes[**i].verb != Verb::Rename);
        let create = first.filter(|i| self.emitted.nodes[**i].verb == Verb::Create);
        let create =
            create.map(|first| steps.iter().rfind(|i| self.emitted.nodes[**i].step.completes).unwrap_or(first));
        create.or(steps.iter().rfind(|i| !self.emitted.nodes[**i].step.late)).copied()
    }

    /// Adds an edge, so that `before` can be used when the statement `after` runs.
    fn made_first(&mut self, before: &Address, after: Option<usize>, edge: Edge) {
        if let (Some(b), Some(a)) = (self.stands_from(before), after) {
            // `after` may itself be a statement about `before`, as one statement may create several objects.
            if self.made(before).contains(&a) {
                return;
            }
            // A weaker edge does not replace a stronger one.
            if self.known(b, a).is_none_or(|known| edge > known) {
                self.edge(b, a, edge);
            }
        }
    }

    /// Orders the renames of `parent` before the statements about `at`, which use the new name.
    fn renamed_first(&mut self, parent: &Address, at: &Address) {
        let renames = |i: &&usize| self.emitted.nodes[**i].verb == Verb::Rename;
        if let (Some(&r), Some(&first)) = (self.made(parent).iter().rfind(renames), self.made(at).first()) {
            self.edge(r, first, Edge::Hard);
        }
    }

    /// Orders the statements about one object: each list as it was written, renames before the drop, the drop before
    /// the creation.
    fn chains(&mut self) {
        for table in [&self.emitted.makes, &self.emitted.drops] {
            for list in table.values() {
                for pair in list.windows(2) {
                    self.edge(pair[0], pair[1], Edge::Hard);
                }
            }
        }
        for (at, drops) in &self.emitted.drops {
            if let (Some(&d), Some(m)) = (drops.last(), self.made_again(at)) {
                self.edge(d, m, Edge::Hard);
            }
            let renames = |i: &&usize| self.emitted.nodes[**i].verb == Verb::Rename;
            if let (Some(&r), Some(&d)) = (self.made(at).iter().rev().find(renames), drops.first()) {
                self.edge(r, d, Edge::Hard);
            }
        }
    }

    /// Orders the creation of an object after that of its ancestors and of everything that it refers to, and as its
    /// statements say.
    fn makes(&mut self, names: &Names) {
        let servants = names.servants(self.input.desired.iter(), self.input.register);
        for at in self.emitted.makes.keys() {
            // A rename needs only the renames of the ancestors.
            let needy = |i: &usize| {
                let node = &self.emitted.nodes[*i];
                node.verb != Verb::Rename && !node.step.frees
            };
            let first = self.made(at).iter().copied().find(needy);
            // If a statement about an object of the same kind under another parent creates this one too, it waits for
            // the ancestors of that object.
            let along = first.map(|i| &self.emitted.nodes[i].at).filter(|other| other.kind() == at.kind());
            let along = along.is_some_and(|other| other.parent() != at.parent());
            for parent in at.ancestors() {
                self.made_first(parent, first.filter(|_| !along), Edge::Hard);
                self.renamed_first(parent, at);
            }
            let Some(object) = self.input.desired.get(at) else { continue };
            let mut used = needs(self.input, names, at, object);
            used.extend(self.input.desired.uses(at).iter().map(|to| (to.clone(), Edge::Hard, "")));
            used.extend(self.as_before(at, object).into_iter().map(|to| (to, Edge::Soft, "")));
            for (to, edge, field) in &used {
                let own = |i: &usize| self.emitted.nodes[*i].step.sets == Some(*field);
                let user = self.made(at).iter().copied().find(own).or(first);
                self.made_first(to, user, *edge);
            }
            if !servants.is_empty() && find(self.input.register, at.kind()).is_served(&*object.spec, at) {
                self.served_first(used.into_iter().map(|(to, ..)| to).collect(), &servants, names, first);
            }
        }
        for i in 0..self.emitted.nodes.len() {
            for need in &self.emitted.nodes[i].step.needs {
                let gone = || self.dropped(need).last().copied().filter(|_| !self.input.desired.contains(need));
                if let Some(there) = self.stands_from(need).or_else(gone) {
                    self.edge(there, i, Edge::Hard);
                }
            }
            for earlier in &self.emitted.nodes[i].step.follows {
                if let Some(last) = self.made(earlier).last() {
                    self.edge(*last, i, Edge::Hard);
                }
            }
            for later in &self.emitted.nodes[i].step.precedes {
                let goes = || self.dropped(later).first().copied().filter(|_| !self.input.desired.contains(later));
                if let Some(first) = self.made_again(later).or_else(goes) {
                    self.edge(i, first, Edge::Hard);
                }
            }
        }
    }

    /// Returns what the live object uses and is still declared, if the object itself is the same on both sides:
    /// `pg_depend` knows more than the object's text says.
    fn as_before(&self, at: &Address, object: &crate::model::Object) -> Vec<Address> {
        let same = self.input.live.get(at).is_some_and(|live| live.spec.same(&*object.spec));
        let stands = |to: &&Address| self.input.desired.contains(to);
        if same { self.input.live.uses(at).iter().filter(stands).cloned().collect() } else { Vec::new() }
    }

    /// Adds soft edges from what serves the types and access methods that an object uses, itself or by way of the
    /// columns it uses: casts and operator classes, for example.
    fn served_first(
        &mut self,
        mut used: Vec<Address>,
        servants: &HashMap<Address, Vec<Address>>,
        names: &Names,
        first: Option<usize>,
    ) {
        let of_columns: Vec<Address> = used.iter().flat_map(|to| self.referred(to, names)).collect();
        used.extend(of_columns);
        for servant in used.iter().filter_map(|to| servants.get(to)).flatten() {
            self.made_first(servant, first, Edge::Soft);
        }
    }

    /// Returns what an object refers to, but for what its text names.
    fn referred(&self, at: &Address, names: &Names) -> Vec<Address> {
        let Some(object) = self.input.desired.get(at).or_else(|| self.input.live.get(at)) else { return Vec::new() };
        let mut references = References::default();
        (find(self.input.register, at.kind()).references)(&*object.spec, at, &mut references);
        let said = references.list.iter().filter(|(reference, _)| !matches!(reference, Reference::Text(_)));
        said.flat_map(|(reference, _)| names.resolve(reference, at)).collect()
    }

    /// Orders what uses an object before the object's drop or change: the user is dropped, or altered to let go of it,
    /// first.
    fn drops(&mut self) {
        let live = self.input.live;
        for (user, used) in live.edges() {
            self.user_first(user, used);
        }
        for user in self.emitted.drops.keys().chain(self.emitted.makes.keys()) {
            for used in self.named(user) {
                self.user_first(user, &used);
            }
        }
        for user in self.emitted.drops.keys() {
            for parent in user.ancestors() {
                self.user_first(user, parent);
            }
        }
        for user in self.emitted.drops.keys().chain(self.emitted.makes.keys()) {
            for used in live.falls_with(user) {
                self.user_first(user, used);
            }
        }
    }

    /// Returns the dropped objects that a live object refers to by address. `pg_depend` does not record the use of
    /// roles.
    fn named(&self, user: &Address) -> Vec<Address> {
        let Some(object) = self.input.live.get(user) else { return Vec::new() };
        let mut references = References::default();
        (find(self.input.register, user.kind()).references)(&*object.spec, user, &mut references);
        let object = |reference| match reference {
            Reference::Object(at) | Reference::Perhaps(at) => Some(at),
            Reference::Name { .. } | Reference::Text(_) => None,
        };
        let named = references.list.into_iter().filter_map(|(reference, _)| object(reference));
        named.filter(|at| !self.dropped(at).is_empty()).collect()
    }

    /// Returns whether `user` is dropped along with what `used` is a part of, as a partition is with the table above.
    /// What it has of `used` goes with that: a partition's copies of a foreign key, for example.
    fn falls_with_whole(&self, user: &Address, used: &Address) -> bool {
        let is_gone = |whole: &&Address| self.emitted.folded.contains(user) && self.emitted.drops.contains_key(*whole);
        let whole = used.parent().filter(is_gone);
        whole.is_some_and(|whole| self.input.live.falls_with(user).contains(whole))
    }

    /// Returns the statement with which an object goes that belongs to one which a new one replaces: the last about that.
    fn gone_with_renewed(&self, user: &Address) -> Option<usize> {
        let renews = |i: &usize| self.emitted.nodes[*i].step.renews;
        let is_gone = self.emitted.folded.contains(user);
        let made = self.made(user.parent().filter(|_| is_gone)?);
        made.last().copied().filter(|_| made.iter().any(renews))
    }

    fn user_first(&mut self, user: &Address, used: &Address) {
        let (user_dropped, used_dropped) = (self.dropped(user).last().copied(), self.dropped(used).first().copied());
        if let (Some(u), Some(d)) = (user_dropped, used_dropped)
            && !self.dropped(user).contains(&d)
            && !self.falls_with_whole(user, used)
        {
            self.edge(u, d, Edge::Hard);
        }
        if let Some(u) = user_dropped
            && used_dropped.is_none()
        {
            let changes =
                |i: &&usize| matches!(self.emitted.nodes[**i].verb, Verb::Alter) && self.emitted.nodes[**i].at == *used;
            if let Some(&change) = self.made(used).iter().find(changes) {
                self.edge(u, change, Edge::Soft);
            }
            let disturbing = self.disturbing(used);
            if let Some(&change) = disturbing.first() {
                self.edge(u, change, Edge::Hard);
            }
            if let (Some(&change), Some(again)) = (disturbing.last(), self.made_again(user)) {
                self.edge(change, again, Edge::Hard);
            }
        }
        if let (None, Some(d)) = (user_dropped, used_dropped) {
            if let Some(gone) = self.gone_with_renewed(user) {
                self.edge(gone, d, Edge::Hard);
            }
            // A statement that takes over the name of the dropped object runs after the drop, so neither it nor what
            // follows it is the one that lets go of that object.
            let takes = |i: &usize| self.emitted.nodes[*i].step.takes.iter().any(|name| name == used.key());
            let alters = |i: &usize| self.emitted.nodes[*i].verb == Verb::Alter;
            let frees = |i: &usize| self.emitted.nodes[*i].step.frees;
            let mut lets_go: Vec<usize> =
                self.made(user).iter().copied().take_while(|i| !takes(i)).filter(alters).collect();
            // A change of type also lets go of what the old type used, unless that is just a relation (a sequence or an
            // index).
            let slots = find(self.input.register, used.kind()).rules.slots;
            let retypes = |i: &usize| self.emitted.nodes[*i].step.retypes && *slots != [RELATION];
            if lets_go.iter().any(frees) {
                lets_go.retain(|i| frees(i) || retypes(i));
            }
            for change in lets_go {
                self.edge(change, d, Edge::Hard);
            }
        }
    }

    /// Returns the statements that run while no user of an object exists, in order.
    fn disturbing(&self, used: &Address) -> Vec<usize> {
        let own = self.made(used).iter().copied().filter(|i| self.emitted.nodes[*i].step.disturbs);
        own.chain(self.emitted.unseats.get(used).into_iter().flatten().copied()).collect()
    }

    /// Orders renames. The old address is vacated before another object takes it, and ancestors have their new names
    /// before an object under them is dropped.
    fn moves(&mut self) {
        for moved in &self.emitted.moves {
            let other = self.emitted.moves.iter().find(|m| m.to == moved.from);
            let next = other.map_or_else(|| self.made_again(&moved.from), |m| m.takes);
            if let (Some(frees), Some(next)) = (moved.frees, next) {
                self.edge(frees, next, Edge::Hard);
            }
        }
        let last = |at: &Address| {
            let mut renames = self.made(at).iter().copied().rev();
            renames.find(|i| self.emitted.nodes[*i].verb == Verb::Rename)
        };
        let mut late = Vec::new();
        for (at, drops) in &self.emitted.drops {
            let parents = at.ancestors().filter_map(last);
            late.extend(parents.filter_map(|rename| Some((rename, *drops.first()?))));
        }
        for (rename, drop) in late {
            if self.known(rename, drop).is_none() {
                self.edge(rename, drop, Edge::Soft);
            }
        }
    }

    /// Keeps statements after which a transaction must end, or that run outside of one, from coming between those that move
    /// the rows of one table: before them where possible, else after them. Tables that exist are put below the new one before
    /// that is filled.
    fn carries(&mut self) {
        let mut groups: BTreeMap<&Address, Vec<usize>> = BTreeMap::new();
        for (i, node) in self.emitted.nodes.iter().enumerate() {
            if let Some(table) = &node.step.carries {
                groups.entry(table).or_default().push(i);
            }
        }
        let ends = |i: &usize| self.emitted.nodes[*i].step.transaction != Transaction::Inside;
        let ends: Vec<usize> = (0..self.emitted.nodes.len()).filter(ends).collect();
        for group in groups.into_values() {
            // What is not made anew begins with what it saves.
            let first = group.iter().all(|i| self.emitted.nodes[*i].verb == Verb::Alter).then(|| group[0]);
            let saves = |i: &usize| self.emitted.nodes[*i].verb == Verb::Drop || first == Some(*i);
            let (saves, fills): (Vec<usize>, Vec<usize>) = group.into_iter().partition(saves);
            let (places, puts): (Vec<usize>, Vec<usize>) =
                fills.iter().partition(|i| self.emitted.nodes[**i].verb == Verb::Alter);
            for (place, put) in places.iter().flat_map(|place| puts.iter().map(move |put| (*place, *put))) {
                self.edge(place, put, Edge::Hard);
            }
            for &end in &ends {
                let path = |graph: &Graph, from: usize, to: usize| {
                    let hard = EdgeFiltered::from_fn(graph, |edge| *edge.weight() == Edge::Hard);
                    has_path_connecting(&hard, NodeIndex::new(from), NodeIndex::new(to), None)
                };
                if !saves.iter().any(|save| path(&self.graph, *save, end)) {
                    for save in &saves {
                        self.edge(end, *save, Edge::Hard);
                    }
                } else if !fills.iter().any(|fill| path(&self.graph, end, *fill)) {
                    for fill in &fills {
                        self.edge(*fill, end, Edge::Hard);
                    }
                }
            }
        }
    }

    /// Orders the statement that frees a name before the one that takes it.
    fn slots(&mut self) {
        let register = self.input.register;
        let mut freed: HashMap<SlotName, Vec<(&Address, usize)>> = HashMap::new();
        for (at, drops) in &self.emitted.drops {
            for name in slot_names(at, register) {
                freed.entry(name).or_default().extend(drops.last().map(|last| (at, *last)));
            }
        }
        for (i, node) in self.emitted.nodes.iter().enumerate() {
            for name in &node.step.gives {
                let key = (RELATION, node.at.top().key().to_owned(), name.clone());
                freed.entry(key).or_default().push((&node.at, i));
            }
        }
        let mut takes: HashMap<&Address, usize> = HashMap::new();
        for moved in &self.emitted.moves {
            takes.extend(moved.takes.map(|takes| (&moved.to, takes)));
            for name in slot_names(&moved.from, register) {
                freed.entry(name).or_default().extend(moved.frees.map(|frees| (&moved.to, frees)));
            }
        }
        for (drop, make) in overload::pairs(self.emitted, self.input) {
            if self.known(drop, make).is_none() {
                self.edge(drop, make, Edge::Soft);
            }
        }
        for i in 0..self.emitted.nodes.len() {
            let node = &self.emitted.nodes[i];
            for name in &node.step.takes {
                let key = (RELATION, node.at.top().key().to_owned(), name.clone());
                for (_, free) in freed.get(&key).into_iter().flatten().filter(|(by, _)| **by != node.at) {
                    self.edge(*free, i, Edge::Hard);
                }
            }
        }
        for (at, makes) in &self.emitted.makes {
            let Some(&make) = takes.get(at).or_else(|| makes.first()) else { continue };
            for name in slot_names(at, register) {
                for (_, free) in freed.get(&name).into_iter().flatten().filter(|(by, _)| *by != at) {
                    self.edge(*free, make, Edge::Hard);
                }
            }
        }
    }
}
