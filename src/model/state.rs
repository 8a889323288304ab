//! A state: the objects of a project or of a database, by address, with the edges between them.

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::address::{Address, KindName};
use super::size::Size;
use crate::diagnostic::Span;

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

/// What a kind knows of one object, behind a type that phases can hold without knowing the kind.
pub trait Spec: Any + Debug + Send + Sync {
    /// True when both are of one kind and equal.
    fn same(&self, other: &dyn Spec) -> bool;
    /// For a kind to get its own type back.
    fn as_any(&self) -> &dyn Any;
}

impl<T: PartialEq + Debug + Send + Sync + 'static> Spec for T {
    fn same(&self, other: &dyn Spec) -> bool {
        other.as_any().downcast_ref::<T>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Where an object came from.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// A YAML file: the key's place, the value's, and each long-form field's.
    File {
        /// The key, or the value where there is no key.
        key: Span,
        /// The value.
        value: Span,
        /// The fields of the long form.
        fields: Arc<[(Box<str>, Span)]>,
    },
    /// The catalog: the object's class, oid and sub-id as in `pg_depend`.
    Catalog {
        /// `pg_class` row of the catalog that holds it; 0 for what has none.
        class: u32,
        /// Its oid.
        oid: u32,
        /// Its sub-id: a column's number, else 0.
        sub: i32,
    },
    /// It follows from another object of the same project.
    Derived(Option<Span>),
}

/// An object as `pg_depend` names it: class, oid and sub-id.
pub type ObjectId = (u32, u32, i32);

impl Origin {
    /// What the catalog knows it by; nothing for what came from elsewhere or has no catalog of its own.
    pub fn id(&self) -> Option<ObjectId> {
        match *self {
            Self::Catalog { class, oid, sub } => (class != 0).then_some((class, oid, sub)),
            Self::File { .. } | Self::Derived(_) => None,
        }
    }

    /// The place to point at, for what came from a file.
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::File { key, .. } => Some(*key),
            Self::Catalog { .. } => None,
            Self::Derived(span) => *span,
        }
    }

    /// The place of a long-form field, else of the value.
    pub fn field(&self, name: &str) -> Option<Span> {
        match self {
            Self::File { value, fields, .. } => {
                Some(fields.iter().find(|(f, _)| &**f == name).map_or(*value, |(_, span)| *span))
            }
            Self::Catalog { .. } => None,
            Self::Derived(span) => *span,
        }
    }
}

/// One object.
#[derive(Debug, Clone)]
pub struct Object {
    /// What its kind knows of it.
    pub spec: Arc<dyn Spec>,
    /// What was declared, where `spec` is PostgreSQL's own spelling of it.
    pub written: Option<Arc<dyn Spec>>,
    /// Where it came from.
    pub origin: Origin,
    /// Its place among its siblings; not compared.
    pub ordinal: u32,
    /// The key it had before, from `was:`.
    pub was: Option<Box<str>>,
    /// Whether a rename by `was` was made before, where the ledger knows.
    pub carried_out: Option<bool>,
    /// `protect: true`: no plan may drop it.
    pub protect: bool,
}

impl Object {
    /// Takes PostgreSQL's spelling, and keeps what was declared.
    pub fn respell(&mut self, spec: Arc<dyn Spec>) {
        let declared = std::mem::replace(&mut self.spec, spec);
        self.written.get_or_insert(declared);
    }

    /// What was declared.
    pub fn as_written(&self) -> &Arc<dyn Spec> {
        self.written.as_ref().unwrap_or(&self.spec)
    }

    /// An object of that spec and origin, at ordinal 0.
    pub fn new(spec: Arc<dyn Spec>, origin: Origin) -> Self {
        Self { spec, written: None, origin, ordinal: 0, was: None, carried_out: None, protect: false }
    }
}

/// Objects by address, in the order they were added. A copy shares what neither side has changed.
///
/// An address keeps its own hash, so that its maps need no good hasher.
#[derive(Debug, Clone, Default)]
pub struct State {
    objects: Arc<IndexMap<Address, Object, FxBuildHasher>>,
    places: Arc<Places>,
    edges: Arc<FxHashMap<Address, Vec<Address>>>,
    falls: Arc<FxHashMap<Address, Vec<Address>>>,
    claims: HashSet<KindName>,
    sizes: HashMap<u32, Size>,
    whole: bool,
}

/// What stands where, each list in the order added.
#[derive(Debug, Clone, Default)]
struct Places {
    children: FxHashMap<Address, Vec<Address>>,
    tops: Vec<Address>,
    kinds: HashMap<KindName, Vec<Address>>,
}

impl Places {
    fn add(&mut self, at: &Address) {
        match at.parent() {
            Some(parent) => self.children.entry(parent.clone()).or_default().push(at.clone()),
            None => self.tops.push(at.clone()),
        }
        self.kinds.entry(at.kind()).or_default().push(at.clone());
    }
}

impl State {
    /// Adds or replaces an object; returns the one that stood there.
    pub fn insert(&mut self, at: Address, object: Object) -> Option<Object> {
        if !self.objects.contains_key(&at) {
            Arc::make_mut(&mut self.places).add(&at);
        }
        Arc::make_mut(&mut self.objects).insert(at, object)
    }

    /// Replaces the spec of an object that stands.
    pub fn set<T: PartialEq + Debug + Send + Sync + 'static>(&mut self, at: &Address, spec: T) {
        if let Some(object) = self.get_mut(at) {
            object.spec = Arc::new(spec);
        }
    }

    /// The object at that address.
    pub fn get(&self, at: &Address) -> Option<&Object> {
        self.objects.get(at)
    }

    /// The object at that address, to change.
    pub fn get_mut(&mut self, at: &Address) -> Option<&mut Object> {
        Arc::make_mut(&mut self.objects).get_mut(at)
    }

    /// The spec at that address, when it is a `T`.
    pub fn spec<T: 'static>(&self, at: &Address) -> Option<&T> {
        self.objects.get(at)?.spec.as_any().downcast_ref()
    }

    /// The same as it was declared.
    pub fn written<T: 'static>(&self, at: &Address) -> Option<&T> {
        self.objects.get(at)?.as_written().as_any().downcast_ref()
    }

    /// True when something stands at that address.
    pub fn contains(&self, at: &Address) -> bool {
        self.objects.contains_key(at)
    }

    /// Every object, in the order added.
    pub fn iter(&self) -> impl Iterator<Item = (&Address, &Object)> {
        self.objects.iter()
    }

    /// What stands at the top, in the order added.
    pub fn tops(&self) -> &[Address] {
        &self.places.tops
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// What stands right under an address, by ordinal.
    pub fn children(&self, at: &Address) -> Vec<&Address> {
        let mut list: Vec<&Address> = self.places.children.get(at).into_iter().flatten().collect();
        list.sort_by_cached_key(|a| self.objects.get(*a).map_or(0, |o| o.ordinal));
        list
    }

    /// The children of one kind with their specs, by ordinal.
    pub fn children_of<T: 'static>(&self, at: &Address, kind: KindName) -> Vec<(&Address, &T)> {
        self.children(at)
            .into_iter()
            .filter(|a| a.kind() == kind)
            .filter_map(|a| Some((a, self.spec::<T>(a)?)))
            .collect()
    }

    /// Everything under an address, parents before children, itself left out.
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

    /// Keeps the objects that `keep` says; the children of what goes, go too.
    pub fn retain(&mut self, mut keep: impl FnMut(&Address, &Object) -> bool) {
        let mut gone: HashSet<Address> = HashSet::new();
        for (at, object) in self.objects.iter() {
            let goes_with = !gone.is_empty() && at.ancestors().any(|a| gone.contains(a));
            if goes_with || !keep(at, object) {
                gone.insert(at.clone());
            }
        }
        if gone.is_empty() {
            return;
        }
        // A parent may have been added after its child.
        let stays = |at: &Address| !gone.contains(at) && !at.ancestors().any(|a| gone.contains(a));
        Arc::make_mut(&mut self.objects).retain(|at, _| stays(at));
        self.reindex();
    }

    /// Removes what stands at an address and under it.
    pub fn remove(&mut self, at: &Address) {
        self.retain(|a, _| a != at);
    }

    /// Moves what stands at and under `from` to `to`.
    pub fn relocate(&mut self, from: &Address, to: &Address) {
        self.move_each(|at| at.moved(from, to));
    }

    /// Moves what stands at and under each of these addresses to the one beside it, all at once.
    pub fn relocate_all(&mut self, moves: &HashMap<Address, Address>) {
        self.move_each(|at| {
            let moved = std::iter::once(at).chain(at.ancestors()).find_map(|from| Some((from, moves.get(from)?)));
            moved.map_or_else(|| at.clone(), |(from, to)| at.moved(from, to))
        });
    }

    /// Moves every object to where `place` says.
    pub fn move_each(&mut self, place: impl Fn(&Address) -> Address) {
        let objects = std::mem::take(Arc::make_mut(&mut self.objects));
        self.objects = Arc::new(objects.into_iter().map(|(a, o)| (place(&a), o)).collect());
        for edges in [&mut self.edges, &mut self.falls] {
            let moved = |(a, list): (&Address, &Vec<Address>)| (place(a), list.iter().map(&place).collect());
            *edges = Arc::new(edges.iter().map(moved).collect());
        }
        self.reindex();
    }

    fn reindex(&mut self) {
        let mut places = Places::default();
        self.objects.keys().for_each(|at| places.add(at));
        self.places = Arc::new(places);
    }

    /// Notes how much the relation with that oid holds.
    pub fn set_size(&mut self, oid: u32, size: Size) {
        self.sizes.insert(oid, size);
    }

    /// How much the relation at an address holds, where that was asked.
    pub fn size(&self, at: &Address) -> Option<Size> {
        self.sizes.get(&self.relation(at)?).copied()
    }

    /// The oid of the relation at an address, where it is one.
    pub fn relation(&self, at: &Address) -> Option<u32> {
        let (class, oid, sub) = self.get(at)?.origin.id()?;
        (class == 1259 && sub == 0).then_some(oid)
    }

    /// Notes that this state is the whole database, not some schemas of it.
    pub fn set_whole(&mut self, whole: bool) {
        self.whole = whole;
    }

    /// True when this state is the whole database: what it does not say, is not.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Notes that the project says something about objects of that kind, though there may be none.
    pub fn claim(&mut self, kind: KindName) {
        self.claims.insert(kind);
    }

    /// True when the project says something about objects of that kind.
    pub fn claims(&self, kind: KindName) -> bool {
        self.claims.contains(&kind)
    }

    /// Every address of that kind, in the order added.
    pub fn of_kind(&self, kind: KindName) -> Vec<Address> {
        self.places.kinds.get(&kind).cloned().unwrap_or_default()
    }

    /// Notes that `from` uses `to`, and can't stand without it.
    pub fn add_edge(&mut self, from: Address, to: Address) {
        if from != to {
            Arc::make_mut(&mut self.edges).entry(from).or_default().push(to);
        }
    }

    /// Notes that PostgreSQL drops `from` by itself when `to` is dropped.
    pub fn add_fall(&mut self, from: Address, to: Address) {
        if from != to {
            Arc::make_mut(&mut self.falls).entry(from).or_default().push(to);
        }
    }

    /// What `from` falls with, besides its parent.
    pub fn falls_with(&self, from: &Address) -> &[Address] {
        self.falls.get(from).map_or(&[], Vec::as_slice)
    }

    /// What `from` uses, by noted edges; its parent is not among them.
    pub fn uses(&self, from: &Address) -> &[Address] {
        self.edges.get(from).map_or(&[], Vec::as_slice)
    }

    /// Every noted edge, from the user to the used.
    pub fn edges(&self) -> impl Iterator<Item = (&Address, &Address)> {
        self.edges.iter().flat_map(|(from, list)| list.iter().map(move |to| (from, to)))
    }
}
