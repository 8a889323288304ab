//! Which objects of a state a name may stand for.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher as _;

use hashbrown::hash_table::{self, HashTable};
use rustc_hash::FxBuildHasher;

use super::{Entry, OPERATOR, Reference, References, Slot, find};
use crate::model::{Address, Object, State};
use crate::sql::{self, Token, TokenClass};

/// An index of a state by the namespaces its objects take a place in.
#[derive(Debug, Default)]
pub struct Names {
    /// By namespace, schema and name.
    by_slot: HashTable<Namesakes>,
    /// By name.
    by_name: HashTable<Namesakes>,
}

/// Objects of one name. No name is kept: it is in the address.
#[derive(Debug)]
struct Namesakes {
    slot: Slot,
    objects: Objects,
}

#[derive(Debug)]
enum Objects {
    /// Nearly always there is one.
    One(Address),
    Several(Vec<Address>),
}

impl Objects {
    fn push(&mut self, at: &Address) {
        match self {
            Self::One(first) => *self = Self::Several(vec![first.clone(), at.clone()]),
            Self::Several(list) => list.push(at.clone()),
        }
    }
}

impl Namesakes {
    fn all(&self) -> &[Address] {
        match &self.objects {
            Objects::One(at) => std::slice::from_ref(at),
            Objects::Several(list) => list,
        }
    }

    fn schema(&self) -> &str {
        self.all()[0].top().key()
    }

    fn name(&self) -> &str {
        self.slot.bare(self.all()[0].key())
    }

    fn is_in(&self, slot: Slot, schema: &str, name: &str) -> bool {
        self.slot == slot && self.name() == name && self.schema() == schema
    }
}

fn hash_in_slot(slot: Slot, schema: &str, name: &str) -> u64 {
    FxBuildHasher.hash_one((slot, schema, name))
}

fn hash_of_name(name: &str) -> u64 {
    FxBuildHasher.hash_one(name)
}

/// Adds an object to those of its name, where `is_alike` says whether two names count as one.
fn add(
    slot: Slot,
    at: &Address,
    index: &mut HashTable<Namesakes>,
    hash: impl Fn(&Namesakes) -> u64,
    is_alike: impl Fn(&Namesakes, &Namesakes) -> bool,
) {
    let new = Namesakes { slot, objects: Objects::One(at.clone()) };
    match index.entry(hash(&new), |there| is_alike(there, &new), hash) {
        hash_table::Entry::Occupied(mut there) => there.get_mut().objects.push(at),
        hash_table::Entry::Vacant(place) => {
            place.insert(new);
        }
    }
}

impl Names {
    /// Indexes the objects of a state.
    pub fn of(state: &State, register: &'static [Entry]) -> Self {
        Self::of_all(state.iter().map(|(at, _)| at), register)
    }

    /// Indexes objects.
    pub fn of_all<'a>(objects: impl Iterator<Item = &'a Address>, register: &'static [Entry]) -> Self {
        Self::where_slot(objects, register, |_| true)
    }

    /// Indexes the objects of a state that take a place in one namespace.
    pub fn of_slot(state: &State, register: &'static [Entry], slot: Slot) -> Self {
        Self::where_slot(state.iter().map(|(at, _)| at), register, |s| s == slot)
    }

    fn where_slot<'a>(
        objects: impl Iterator<Item = &'a Address>,
        register: &'static [Entry],
        is_indexed: impl Fn(Slot) -> bool,
    ) -> Self {
        let mut names = Self::default();
        for at in objects {
            let slots = find(register, at.kind()).rules.slots;
            if !slots.iter().any(|slot| is_indexed(*slot)) {
                continue;
            }
            let in_slot = |n: &Namesakes| hash_in_slot(n.slot, n.schema(), n.name());
            for slot in slots {
                add(*slot, at, &mut names.by_slot, in_slot, |a, b| a.is_in(b.slot, b.schema(), b.name()));
            }
            if let Some(slot) = slots.first() {
                add(*slot, at, &mut names.by_name, |n| hash_of_name(n.name()), |a, b| a.name() == b.name());
            }
        }
        names
    }

    /// Returns whether several objects have one name in a schema, in one of the namespaces that count.
    pub fn are_shared_within(&self, counts: impl Fn(Slot) -> bool) -> bool {
        self.by_slot.iter().any(|namesakes| counts(namesakes.slot) && namesakes.all().len() > 1)
    }

    /// Returns the objects with this name in a namespace of a schema: several for overloaded routines.
    pub fn at(&self, slot: Slot, schema: &str, name: &str) -> &[Address] {
        let found = self.by_slot.find(hash_in_slot(slot, schema, name), |there| there.is_in(slot, schema, name));
        found.map_or(&[], Namesakes::all)
    }

    /// Returns the names in a namespace of a schema, in order, for suggestions.
    pub fn candidates(&self, slot: Slot, schema: &str) -> Vec<&str> {
        let names = self.by_slot.iter().filter(|there| there.slot == slot && there.schema() == schema);
        let mut list: Vec<&str> = names.map(Namesakes::name).collect();
        list.sort_unstable();
        list
    }

    /// Returns the objects that `reference` stands for, as seen from `from`; for SQL text, all that it may name.
    pub fn resolve(&self, reference: &Reference, from: &Address) -> Vec<Address> {
        match reference {
            Reference::Object(at) | Reference::Perhaps(at) => vec![at.clone()],
            Reference::Name { slot, schema: Some(schema), name } => self.at(*slot, schema, name).to_vec(),
            Reference::Name { slot, schema: None, name } => self.at(*slot, from.top().key(), name).to_vec(),
            Reference::Text(text) => self.in_text(text, from).into_keys().collect(),
        }
    }

    /// Returns, for each type or access method, those of the objects that serve it: [`Kind::serves`](super::Kind::serves).
    pub fn servants<'a>(
        &self,
        objects: impl Iterator<Item = (&'a Address, &'a Object)>,
        register: &'static [Entry],
    ) -> HashMap<Address, Vec<Address>> {
        let mut servants: HashMap<Address, Vec<Address>> = HashMap::new();
        for (at, object) in objects {
            let mut served = References::default();
            (find(register, at.kind()).serves)(&*object.spec, at, &mut served);
            for to in served.list.iter().flat_map(|(reference, _)| self.resolve(reference, at)) {
                servants.entry(to).or_default().push(at.clone());
            }
        }
        servants
    }

    /// Returns every object that a name in SQL text may stand for, and whether the text names its schema, too. Excludes
    /// `from` itself and what is below it.
    pub fn in_text(&self, text: &str, from: &Address) -> BTreeMap<Address, bool> {
        let mut found = BTreeMap::new();
        self.scan(text, from, &mut found);
        found.retain(|at: &Address, _| !at.is_within(from));
        found
    }

    fn scan(&self, text: &str, from: &Address, found: &mut BTreeMap<Address, bool>) {
        let tokens = sql::tokens(text);
        for (i, token) in tokens.iter().enumerate() {
            match token.class {
                TokenClass::Word if token.is_word("operator") => {
                    found.extend(self.operator(&tokens[i + 1..]).into_iter().map(|at| (at, true)));
                }
                TokenClass::Word | TokenClass::Quoted => {
                    let Some(name) = token.name() else { continue };
                    let qualifier = (i >= 2 && tokens[i - 1].is(".")).then(|| tokens[i - 2].name()).flatten();
                    // A reserved word is a name only in quotes, or after a dot.
                    let reserved = token.class == TokenClass::Word && sql::ident(&name).starts_with('"');
                    if qualifier.is_some() || !reserved {
                        self.named(qualifier.as_deref(), &name, from, found);
                    }
                }
                TokenClass::Str => {
                    let Some(said) = sql::unquote(token.text) else { continue };
                    if token.text.starts_with('$') {
                        self.scan(&said, from, found);
                    } else {
                        // A constant of type `regprocedure` has arguments: `'shop.total(integer)'`.
                        let routine = || sql::split_name(said.split_once('(')?.0);
                        if let Some([schema, name]) = sql::split_name(&said).or_else(routine).as_deref() {
                            self.named(Some(schema), name, from, found);
                        }
                    }
                }
                TokenClass::Number | TokenClass::Space | TokenClass::Punct => {}
            }
        }
    }

    /// Returns the operators that `(shop.<->)` after the word `operator` may stand for.
    fn operator(&self, rest: &[Token<'_>]) -> Vec<Address> {
        let [open, schema, dot, symbol @ ..] = rest else { return Vec::new() };
        let Some(schema) = schema.name().filter(|_| open.is("(") && dot.is(".")) else { return Vec::new() };
        let symbol: String = symbol.iter().take_while(|t| !t.is("(") && !t.is(")")).map(|t| t.text).collect();
        self.at(OPERATOR, &schema, &symbol).to_vec()
    }

    fn named(&self, schema: Option<&str>, name: &str, from: &Address, found: &mut BTreeMap<Address, bool>) {
        let Some(namesakes) = self.by_name.find(hash_of_name(name), |there| there.name() == name) else { return };
        let all = namesakes.all();
        let exact: Vec<&Address> = all.iter().filter(|at| schema == Some(at.top().key())).collect();
        if !exact.is_empty() {
            found.extend(exact.into_iter().map(|at| (at.clone(), true)));
        } else if schema.is_none() {
            let home: Vec<&Address> = all.iter().filter(|at| at.top() == from.top()).collect();
            let list = if home.is_empty() { all.iter().collect() } else { home };
            for at in list {
                found.entry(at.clone()).or_insert(false);
            }
        }
    }
}
