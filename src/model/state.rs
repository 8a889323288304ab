//! A state: the objects of a project or of a database, by address, with the edges between them.

mod objects;
mod sift;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt::Debug;
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use objects::Objects;

use super::address::{Address, KindName};
use super::object::{Object, Spec};
use super::size::Size;

/// How much of the database is managed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Manage {
    /// Every object inside a declared schema.
    #[default]
    Schemas,
    /// Everything in the database.
    Database,
}

/// Which side of an object moved since the last apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Moved {
    /// The YAML.
    Project,
    /// The database.
    Database,
    /// Both.
    Both,
    /// Neither: they mean the same.
    Neither,
}

/// Objects by address, in the order they were added.
///
/// A copy shares what neither side has changed. What is removed from a copy is only hidden in it, unless it is much, so that both
/// still share the rest.
#[derive(Debug, Clone, Default)]
pub struct State {
    objects: Arc<Objects>,
    /// The addresses of objects that are not part of the state, with everything below them.
    hidden: Arc<FxHashSet<Address>>,
    edges: Arc<Edges>,
    falls: Arc<Edges>,
    claims: HashSet<KindName>,
    sizes: HashMap<u32, Size>,
    whole: bool,
}

type Edges = IndexMap<Address, Vec<Address>, FxBuildHasher>;

/// Which part of the objects of a copy is hidden at most: a fourth.
const HIDDEN: usize = 4;
/// With how many different specs of its kind one is compared, to share one of them.
const LATELY: usize = 4;

impl State {
    /// Adds or replaces an object; returns the previous one.
    pub fn insert(&mut self, at: Address, object: Object) -> Option<Object> {
        self.reveal();
        let objects = Arc::make_mut(&mut self.objects);
        if let Some(there) = objects.get_mut(&at) {
            return Some(std::mem::replace(there, object));
        }
        objects.add(at, object);
        None
    }

    /// Replaces the spec of an existing object.
    pub fn set<T: PartialEq + Debug + Send + Sync + 'static>(&mut self, at: &Address, spec: T) {
        if let Some(object) = self.get_mut(at) {
            object.spec = Arc::new(spec);
        }
    }

    /// Replaces specs of a kind by what follows from them. Objects that shared one share that too.
    pub fn amend<T: Spec>(&mut self, kind: KindName, amended: impl Fn(&T) -> Option<T>) {
        let mut done: FxHashMap<*const T, Option<Arc<dyn Spec>>> = FxHashMap::default();
        let mut kept = Vec::new();
        let objects = Arc::make_mut(&mut self.objects).iter_mut();
        for (_, object) in objects.filter(|(at, _)| at.kind() == kind) {
            let Some(spec) = object.spec.as_any().downcast_ref::<T>() else { continue };
            let amended = done.entry(spec).or_insert_with(|| Some(Arc::new(amended(spec)?)));
            if let Some(amended) = amended {
                // While it is kept, no other spec has its place in memory.
                kept.push(std::mem::replace(&mut object.spec, Arc::clone(amended)));
            }
        }
    }

    /// Has objects of a kind with equal specs share one, as far as equal ones are near each other. What counts as equal must be so
    /// in all that it says.
    pub fn share_specs(&mut self, kind: KindName) {
        let mut lately: VecDeque<Arc<dyn Spec>> = VecDeque::new();
        let objects = Arc::make_mut(&mut self.objects).iter_mut();
        for (_, object) in objects.filter(|(at, _)| at.kind() == kind) {
            if let Some(like) = lately.iter().find(|spec| spec.same(&*object.spec)) {
                object.spec = Arc::clone(like);
                continue;
            }
            lately.truncate(LATELY - 1);
            lately.push_front(Arc::clone(&object.spec));
        }
    }

    /// Returns the object at that address.
    pub fn get(&self, at: &Address) -> Option<&Object> {
        self.objects.get(at).filter(|_| self.shows(at))
    }

    /// Returns the object at that address, to change it.
    pub fn get_mut(&mut self, at: &Address) -> Option<&mut Object> {
        self.reveal();
        Arc::make_mut(&mut self.objects).get_mut(at)
    }

    /// Returns the spec at that address, if it is a `T`.
    pub fn spec<T: 'static>(&self, at: &Address) -> Option<&T> {
        self.get(at)?.spec.as_any().downcast_ref()
    }

    /// Returns the spec at that address as it was declared, if it is a `T`.
    pub fn written<T: 'static>(&self, at: &Address) -> Option<&T> {
        self.get(at)?.as_written().as_any().downcast_ref()
    }

    /// Returns whether there is an object at that address.
    pub fn contains(&self, at: &Address) -> bool {
        self.get(at).is_some()
    }

    /// Returns whether an address is not hidden.
    fn shows(&self, at: &Address) -> bool {
        self.hidden.is_empty() || !self.hidden.contains(at)
    }

    /// Returns every object, in the order added.
    pub fn iter(&self) -> impl Iterator<Item = (&Address, &Object)> {
        self.objects.iter().filter(|(at, _)| self.shows(at))
    }

    /// Returns the top-level objects, in the order added.
    pub fn tops(&self) -> impl Iterator<Item = &Address> {
        self.objects.tops().map(|(at, _)| at).filter(|at| self.shows(at))
    }

    /// Returns the number of objects.
    pub fn len(&self) -> usize {
        self.objects.len() - self.hidden.len()
    }

    /// Returns whether there are no objects.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the children of an address, by ordinal.
    pub fn children(&self, at: &Address) -> Vec<&Address> {
        let mut list: Vec<(u32, &Address)> = self.below(at).map(|(at, object)| (object.ordinal, at)).collect();
        list.sort_by_key(|(ordinal, _)| *ordinal);
        list.into_iter().map(|(_, at)| at).collect()
    }

    /// Returns the children of an address with their objects, in the order added.
    fn below(&self, at: &Address) -> impl Iterator<Item = (&Address, &Object)> {
        self.objects.children(at).filter(|(at, _)| self.shows(at))
    }

    /// Returns the children of one kind with their specs, by ordinal.
    pub fn children_of<T: 'static>(&self, at: &Address, kind: KindName) -> Vec<(&Address, &T)> {
        let of_kind = self.below(at).filter(|(at, _)| at.kind() == kind);
        let specs = of_kind.filter_map(|(at, object)| Some((object.ordinal, at, object.spec.as_any().downcast_ref()?)));
        let mut list: Vec<(u32, &Address, &T)> = specs.collect();
        list.sort_by_key(|(ordinal, ..)| *ordinal);
        list.into_iter().map(|(_, at, spec)| (at, spec)).collect()
    }

    /// Returns everything below an address, parents before children, without the address itself.
    pub fn descendants(&self, at: &Address) -> Vec<Address> {
        let mut out = Vec::new();
        let mut queue = vec![at.clone()];
        while let Some(next) = queue.pop() {
            for child in self.children(&next).into_iter().rev() {
                queue.push(child.clone());
            }
            if next != *at {
                out.push(next);
            }
        }
        out
    }

    /// Removes the objects for which `keep` returns false, and everything below them.
    pub fn retain(&mut self, mut keep: impl FnMut(&Address, &Object) -> bool) {
        let mut gone: FxHashSet<Address> = FxHashSet::default();
        for (at, object) in self.iter() {
            let goes_with = !gone.is_empty() && at.ancestors().any(|a| gone.contains(a));
            if goes_with || !keep(at, object) {
                gone.insert(at.clone());
            }
        }
        if gone.is_empty() {
            return;
        }
        // A parent may have been added after its child.
        let goes_with = |at: &Address| !gone.contains(at) && at.ancestors().any(|a| gone.contains(a));
        let late: Vec<Address> = self.iter().map(|(at, _)| at).filter(|at| goes_with(at)).cloned().collect();
        gone.extend(late);
        let is_shared = Arc::strong_count(&self.objects) > 1;
        Arc::make_mut(&mut self.hidden).extend(gone);
        if !is_shared || self.hidden.len() > self.objects.len() / HIDDEN {
            self.reveal();
        }
    }

    /// Removes what is hidden for good.
    fn reveal(&mut self) {
        if self.hidden.is_empty() {
            return;
        }
        let gone = std::mem::take(&mut self.hidden);
        if let Some(objects) = Arc::get_mut(&mut self.objects) {
            objects.retain(|at| !gone.contains(at));
        } else {
            let kept = self.objects.iter().filter(|(at, _)| !gone.contains(*at));
            self.objects = Arc::new(kept.map(|(at, object)| (at.clone(), object.clone())).collect());
        }
    }

    /// Removes the object at an address and everything below it.
    pub fn remove(&mut self, at: &Address) {
        if self.contains(at) {
            self.retain(|a, _| a != at);
        }
    }

    /// Moves the object at `from`, and everything below it, to `to`.
    pub fn relocate(&mut self, from: &Address, to: &Address) {
        self.move_each(|at| at.moved(from, to));
    }

    /// Moves the object at each key of `moves`, and everything below it, to the value of that key, all at once.
    pub fn relocate_all(&mut self, moves: &HashMap<Address, Address>) {
        self.move_each(|at| {
            let moved = std::iter::once(at).chain(at.ancestors()).find_map(|from| Some((from, moves.get(from)?)));
            moved.map_or_else(|| at.clone(), |(from, to)| at.moved(from, to))
        });
    }

    /// Moves every object to the address that `place` returns.
    pub fn move_each(&mut self, place: impl Fn(&Address) -> Address) {
        self.reveal();
        let objects = std::mem::take(Arc::make_mut(&mut self.objects));
        self.objects = Arc::new(objects.into_iter().map(|(a, o)| (place(&a), o)).collect());
        for edges in [&mut self.edges, &mut self.falls] {
            let moved = |(a, list): (&Address, &Vec<Address>)| (place(a), list.iter().map(&place).collect());
            *edges = Arc::new(edges.iter().map(moved).collect());
        }
    }

    /// Records the size of the relation with that oid.
    pub fn set_size(&mut self, oid: u32, size: Size) {
        self.sizes.insert(oid, size);
    }

    /// Takes over the sizes of relations from another state of the same database.
    pub fn take_sizes(&mut self, other: &Self) {
        self.sizes.clone_from(&other.sizes);
    }

    /// Takes over the edges from another state of the same database.
    pub fn take_edges(&mut self, other: &Self) {
        self.edges = Arc::clone(&other.edges);
        self.falls = Arc::clone(&other.falls);
    }

    /// Forgets all edges.
    pub fn forget_edges(&mut self) {
        self.take_edges(&Self::default());
    }

    /// Returns whether both are copies of one state, and no object of either was changed since. Edges are not looked at.
    pub fn shares_objects_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.objects, &other.objects) && self.hidden == other.hidden
    }

    /// Returns the size of the relation at an address, if it was asked for.
    pub fn size(&self, at: &Address) -> Option<Size> {
        self.sizes.get(&self.relation(at)?).copied()
    }

    /// Returns the oid of the relation at an address, if it is one.
    pub fn relation(&self, at: &Address) -> Option<u32> {
        let (class, oid, sub) = self.get(at)?.origin.id()?;
        (class == 1259 && sub == 0).then_some(oid)
    }

    /// Records whether this state is the whole database, not just some schemas of it.
    pub fn set_whole(&mut self, whole: bool) {
        self.whole = whole;
    }

    /// Returns whether this state is the whole database, so that what it does not contain does not exist.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Records that the project says something about objects of that kind, though there may be none.
    pub fn claim(&mut self, kind: KindName) {
        self.claims.insert(kind);
    }

    /// Returns whether the project says something about objects of that kind.
    pub fn claims(&self, kind: KindName) -> bool {
        self.claims.contains(&kind)
    }

    /// Returns every address of that kind, in the order added.
    pub fn of_kind(&self, kind: KindName) -> Vec<Address> {
        self.objects.of_kind(kind).map(|(at, _)| at).filter(|at| self.shows(at)).cloned().collect()
    }

    /// Records that `from` uses `to` and cannot exist without it.
    pub fn add_edge(&mut self, from: Address, to: Address) {
        if from != to {
            Arc::make_mut(&mut self.edges).entry(from).or_default().push(to);
        }
    }

    /// Records that PostgreSQL drops `from` by itself when `to` is dropped.
    pub fn add_fall(&mut self, from: Address, to: Address) {
        if from != to {
            Arc::make_mut(&mut self.falls).entry(from).or_default().push(to);
        }
    }

    /// Puts the recorded edges in an order that does not depend on that in which they were added.
    pub fn sort_edges(&mut self) {
        for edges in [&mut self.edges, &mut self.falls] {
            Arc::make_mut(edges).sort_by(|a, _, b, _| a.digest().cmp(&b.digest()).then_with(|| a.cmp(b)));
        }
    }

    /// Returns the objects, besides its parent, with which PostgreSQL drops `from`.
    pub fn falls_with(&self, from: &Address) -> &[Address] {
        self.falls.get(from).map_or(&[], Vec::as_slice)
    }

    /// Returns what `from` uses by the recorded edges, which do not include its parent.
    pub fn uses(&self, from: &Address) -> &[Address] {
        self.edges.get(from).map_or(&[], Vec::as_slice)
    }

    /// Returns every recorded edge, from the user to what it uses.
    pub fn edges(&self) -> impl Iterator<Item = (&Address, &Address)> {
        self.edges.iter().flat_map(|(from, list)| list.iter().map(move |to| (from, to)))
    }
}
