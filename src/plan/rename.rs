//! Carries out `was:`. A rename is made while the object still has its old name, and ignored once it has the new one.
//!
//! Renames may depend on each other: `c` was `b`, and the new `b` was `a`; or `a` and `b` swap. A chain starts with its
//! last name; a circle goes through a temporary name. If the old name is declared too, names alone cannot tell whether
//! the rename has already happened. The ledger's record decides then, and after it what the objects look like.
//!
//! Two sorts of renames need no `was:`. If a parent can have only one object of a kind, another name is a rename of it.
//! If names matter little (an index, a constraint), an identical sibling with an undeclared name is renamed.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Input;
use super::alike::distance;
use super::emit::{Node, Verb};
use super::graph::{SlotName, constraint_name};
use crate::kind::{Entry, Form, Renaming, Rules, Scope, find};
use crate::model::{Address, KindName, Object, State, Step};

/// A rename that the plan makes.
#[derive(Debug, Clone)]
pub struct Rename {
    /// Its address before.
    pub from: Address,
    /// Its address now.
    pub to: Address,
    /// The statements that give the object a temporary name, in a circle of renames; otherwise empty.
    pub leaves: Vec<Node>,
    /// The statements that give the object its new name.
    pub arrives: Vec<Node>,
}

/// The renames that the plan makes, in order, and warnings.
#[derive(Debug, Default)]
pub struct Renames {
    /// Renames, parents before children.
    pub list: Vec<Rename>,
    /// Warnings about renames of which it is unknown whether they have happened.
    pub warnings: Vec<String>,
}

/// A declared object and the live address that it may have had before.
struct Claim {
    to: Address,
    from: Address,
}

/// Claims in the order in which they can be carried out: each takes the name that the previous one left.
struct Chain<'a> {
    claims: Vec<&'a Claim>,
    /// Whether the last claim leaves the name that the first one takes.
    circle: bool,
}

/// Returns the live state as it will be after all renames, and the renames.
pub fn renames(input: Input<'_>) -> (State, Renames) {
    let mut aside: HashSet<Address> = HashSet::new();
    loop {
        let mut live = input.live.clone();
        let renames = attempt(&mut live, &aside, input);
        match circle(&renames.list, input).filter(|at| aside.insert(at.clone())) {
            Some(_) => {}
            None => return (live, renames),
        }
    }
}

/// Returns the first of several renames that form a circle, each taking the name that the next one leaves, if there is
/// such a circle. Two keys do when their tables swap names. This rename must use a temporary name.
fn circle(list: &[Rename], input: Input<'_>) -> Option<Address> {
    let names = |at: &Address| -> Vec<SlotName> {
        let slots = find(input.register, at.kind()).rules.slots.iter();
        let slots = slots.map(|slot| (*slot, at.top().key().to_owned(), slot.bare(at.key()).to_owned()));
        slots.chain(constraint_name(at, input.register)).collect()
    };
    let mut leaving: HashMap<SlotName, usize> = HashMap::new();
    for (i, rename) in list.iter().enumerate().filter(|(_, r)| r.leaves.is_empty()) {
        leaving.extend(names(&rename.from).into_iter().map(|name| (name, i)));
    }
    let next = |i: usize| names(&list[i].to).iter().find_map(|name| leaving.get(name).copied());
    let mut seen: HashSet<usize> = HashSet::new();
    for start in leaving.values().copied().collect::<BTreeSet<usize>>() {
        let mut at = start;
        while seen.insert(at) {
            match next(at) {
                Some(i) if i == start => return Some(list[start].to.clone()),
                Some(i) => at = i,
                None => break,
            }
        }
    }
    None
}

/// Carries out the renames in `live`, parents before children. Those in `aside` go through a temporary name.
fn attempt(live: &mut State, aside: &HashSet<Address>, input: Input<'_>) -> Renames {
    let mut out = Renames::default();
    let rank = |at: &Address| input.register.iter().position(|e| e.name == at.kind());
    let known: HashSet<KindName> = input.register.iter().filter(|e| is_known(e)).map(|e| e.name).collect();
    // Usually most objects already have their names, and need no search.
    let any = input.desired.iter().any(|(_, o)| o.was().is_some());
    let moves = |at: &Address| any && at.ancestors().any(|a| input.desired.get(a).is_some_and(|o| o.was().is_some()));
    let stands = |at: &Address| live.contains(at) && !is_alone(find(input.register, at.kind())) && !moves(at);
    let mut wanted: Vec<(usize, Option<usize>, &Address)> = input
        .desired
        .iter()
        .filter(|(at, o)| o.was().is_some() || known.contains(&at.kind()) && !stands(at))
        .map(|(at, _)| (at.path().len(), rank(at), at))
        .collect();
    wanted.sort_by_key(|(depth, rank, _)| (*depth, *rank));
    for alike in wanted.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let claims: Vec<Claim> = alike.iter().filter_map(|(_, _, at)| claim(at, live, input)).collect();
        let claims = sole(claims, live, input, &mut out.warnings);
        for chain in chains(&claims, live) {
            if is_pending(&chain, live, input, &mut out.warnings) {
                make(&chain, live, aside, input, &mut out.list);
            }
        }
    }
    out
}

/// Returns one claim to each live object: the first, unless its new name exists already and that of another does not. The
/// first was then carried out before. Warns if neither exists, as only one can be meant.
fn sole(claims: Vec<Claim>, live: &State, input: Input<'_>, warnings: &mut Vec<String>) -> Vec<Claim> {
    let says = |at: &Address| input.desired.get(at).is_some_and(|object| object.was().is_some());
    let mut best: HashMap<&Address, &Address> = HashMap::new();
    for Claim { to, from } in &claims {
        let kept = best.entry(from).or_insert(to);
        if live.contains(to) || kept == &to {
            continue;
        }
        if live.contains(kept) {
            *kept = to;
        } else if says(to) && says(kept) {
            warnings.push(format!(
                "{kept} and {to} both say that they were `{}`: the first takes it over, the second is made anew; remove one \
                 `was`",
                from.key()
            ));
        }
    }
    let best: HashSet<Address> = best.into_values().cloned().collect();
    claims.into_iter().filter(|claim| best.contains(&claim.to)).collect()
}

/// Returns the claim of a declared object to a live one with another name, if there is such a live object.
fn claim(at: &Address, live: &State, input: Input<'_>) -> Option<Claim> {
    let entry = find(input.register, at.kind());
    let was = input.desired.get(at)?.was();
    let stands = was.is_none() && !is_alone(entry) && live.contains(at);
    if stands || !entry.rules.renames {
        return None;
    }
    let from = before(at, was, entry, live, input.desired)?;
    (from != *at && live.contains(&from)).then(|| Claim { to: at.clone(), from })
}

/// Returns the address that an object may have had before: from `was:`, or that of the sibling it is known by.
fn before(at: &Address, was: Option<&str>, entry: &Entry, live: &State, desired: &State) -> Option<Address> {
    if let Some(was) = was {
        return sibling(at, was, entry, desired);
    }
    let wanted = &desired.get(at)?.spec;
    let is_it = |other: &Address| {
        let alike =
            || live.get(other).is_some_and(|o| o.spec.same(&**wanted) && !(entry.keeps_name)(&*o.spec, other, desired));
        other.kind() == at.kind() && (is_alone(entry) || !desired.contains(other) && alike())
    };
    let others = live.children(at.parent().filter(|_| is_known(entry))?);
    others.into_iter().find(|other| is_it(other)).cloned()
}

/// Returns the address of a sibling whose name is written as keys of the kind are in YAML: `total` for `total(bigint)`.
fn sibling(at: &Address, written: &str, entry: &Entry, desired: &State) -> Option<Address> {
    let key = (entry.key)(&*desired.get(at)?.spec, written, at.parent()).ok()?;
    Some(at.parent().map_or_else(|| Address::root(at.kind(), &key), |parent| parent.child(at.kind(), &key)))
}

/// Returns whether objects of a kind can be recognised by more than their names.
fn is_known(entry: &Entry) -> bool {
    is_alone(entry) || entry.rules.nameless
}

/// Returns whether a parent can have only one object of a kind, whatever its name.
fn is_alone(entry: &Entry) -> bool {
    entry.rules.renames && !entry.rules.nameless && entry.homes.iter().any(|h| h.form == Form::One)
}

/// Groups the claims that depend on each other. Leaves out a chain whose last new name exists already: it was carried
/// out before.
fn chains<'a>(claims: &'a [Claim], live: &State) -> Vec<Chain<'a>> {
    // If several claims leave the same name, the one whose new name does not exist yet counts.
    let mut leaving: HashMap<&Address, &Claim> = HashMap::new();
    for claim in claims {
        let taken = leaving.get(&claim.from).is_some_and(|other| !live.contains(&other.to) || live.contains(&claim.to));
        if !taken {
            leaving.insert(&claim.from, claim);
        }
    }
    let leaves = |claim: &Claim| leaving.get(&claim.from).is_some_and(|c| c.to == claim.to);
    let into: HashMap<&Address, &Claim> = claims.iter().filter(|c| leaves(c)).map(|c| (&c.to, c)).collect();
    let mut seen: HashSet<&Address> = HashSet::new();
    let mut walk = |first: &'a Claim| -> Vec<&'a Claim> {
        let next = |claim: &&'a Claim| into.get(&claim.from).copied();
        std::iter::successors(Some(first), next).take_while(|claim| seen.insert(&claim.to)).collect()
    };
    let ends = claims.iter().filter(|c| leaves(c) && !leaving.contains_key(&c.to));
    let open: Vec<Vec<&Claim>> = ends.map(&mut walk).collect();
    let circles: Vec<Vec<&Claim>> = claims.iter().filter(|c| leaves(c)).map(walk).collect();
    let open = open.into_iter().filter(|c| !live.contains(&c[0].to)).map(|claims| Chain { claims, circle: false });
    let circles = circles.into_iter().filter(|c| !c.is_empty()).map(|claims| Chain { claims, circle: true });
    open.chain(circles).collect()
}

/// Returns whether a chain is still to be carried out.
fn is_pending(chain: &Chain<'_>, live: &State, input: Input<'_>, warnings: &mut Vec<String>) -> bool {
    let Some(last) = chain.claims.last() else { return false };
    if !chain.circle && !input.desired.contains(&last.from) {
        return true;
    }
    let remembered: Vec<Option<bool>> =
        chain.claims.iter().map(|c| input.desired.get(&c.to).and_then(Object::carried_out)).collect();
    if remembered.contains(&Some(true)) {
        return false;
    }
    let new = remembered.iter().all(|r| *r == Some(false));
    if new && !chain.circle {
        return true;
    }
    let left = Some((&last.from, None)).filter(|_| !chain.circle);
    let places = chain.claims.iter().map(|c| (&c.to, Some(&c.from))).chain(left);
    let [mut as_is, mut renamed] = [0, 0];
    for (to, from) in places {
        as_is += distance(to, Some(to), live, input);
        renamed += distance(to, from, live, input);
    }
    if as_is == renamed && chain.circle && !new {
        warnings.push(undecided(chain));
        return false;
    }
    renamed <= as_is
}

fn undecided(chain: &Chain<'_>) -> String {
    let names: Vec<String> = chain.claims.iter().map(|c| c.from.to_string()).collect();
    format!(
        "whether {} have changed names yet can't be told, and nothing is renamed: they look alike, and no ledger \
         remembers; rename them in two steps through a name that none has",
        names.join(" and ")
    )
}

/// Carries out the renames of a chain in `live`.
fn make(chain: &Chain<'_>, live: &mut State, aside: &HashSet<Address>, input: Input<'_>, out: &mut Vec<Rename>) {
    let mut waiting = None;
    for (i, claim) in chain.claims.iter().enumerate() {
        let Claim { from, to } = claim;
        let first = chain.circle && i == 0;
        let step = Some(to).filter(|to| first || aside.contains(*to)).and_then(|to| free(to, live, input));
        let leaves = step.as_ref().map(|step| rename(from, step, to, live, input)).unwrap_or_default();
        let stands = step.unwrap_or_else(|| from.clone());
        if first {
            waiting = Some((claim, stands, leaves));
            continue;
        }
        let arrives = rename(&stands, to, to, live, input);
        out.push(Rename { from: from.clone(), to: to.clone(), leaves, arrives });
    }
    if let Some((Claim { from, to }, stands, leaves)) = waiting {
        let arrives = rename(&stands, to, to, live, input);
        out.push(Rename { from: from.clone(), to: to.clone(), leaves, arrives });
    }
}

/// Returns the address of a sibling with a temporary name that is not taken.
fn free(at: &Address, live: &State, input: Input<'_>) -> Option<Address> {
    let entry = find(input.register, at.kind());
    let mut names = (1..).map_while(|n| sibling(at, &format!("dbstate_rename_{n}"), entry, input.desired));
    names.find(|a| !live.contains(a) && !input.desired.contains(a))
}

/// Renames an object in `live`. Returns the statements that do so, as statements about `at`.
fn rename(from: &Address, to: &Address, at: &Address, live: &mut State, input: Input<'_>) -> Vec<Node> {
    let entry = find(input.register, at.kind());
    let spec = live.get(from).map(|o| o.spec.clone());
    let cx = Input { live, ..input }.cx(from);
    let steps: Vec<Step> = spec.map(|s| (entry.rename)(&*s, to.key(), &cx)).unwrap_or_default();
    let with = (entry.renamed_with)(live, from, to);
    for (from, to) in std::iter::once((from.clone(), to.clone())).chain(with) {
        live.relocate(&from, &to);
        for entry in input.register {
            (entry.rekeyed)(live, &from, &to);
        }
        follow(live, &from, &to, input);
    }
    steps.into_iter().map(|step| Node { at: at.clone(), verb: Verb::Rename, step }).collect()
}

/// Updates what refers to a renamed object, as PostgreSQL does by itself.
fn follow(live: &mut State, from: &Address, to: &Address, input: Input<'_>) {
    let rules = &find(input.register, to.kind()).rules;
    let mut moves = HashMap::new();
    for at in concerned(live, to, rules) {
        let renaming = Renaming::new(&at, from, to, rules);
        let entry = find(input.register, at.kind());
        let Some(object) = live.get_mut(&at) else { continue };
        object.spec = (entry.follow)(&*object.spec, renaming);
        if let Some(key) = (entry.key_after)(&*object.spec, at.key(), renaming) {
            let place = at.parent().map_or_else(|| Address::root(at.kind(), &key), |p| p.child(at.kind(), &key));
            moves.insert(at, place);
        }
    }
    if !moves.is_empty() {
        live.relocate_all(&moves);
    }
}

/// Returns the objects that may refer to a renamed one: its users, and what is below, beside and above it. For an
/// object of the cluster, or one that contains names (a schema), it returns all objects, because PostgreSQL does not
/// record every use of these.
fn concerned(live: &State, to: &Address, rules: &Rules) -> BTreeSet<Address> {
    let all = rules.scope == Scope::Cluster || rules.space;
    let table = to.parent().filter(|table| table.parent().is_some());
    let near = |at: &Address| at.is_within(to) || to.is_within(at) || table.is_some_and(|t| at.parent() == Some(t));
    let uses = live.edges().filter(|(_, used)| used.is_within(to)).map(|(user, _)| user.clone());
    let falls = live.iter().filter(|(at, _)| live.falls_with(at).iter().any(|used| used.is_within(to)));
    let near = live.iter().map(|(at, _)| at).filter(|at| all || near(at));
    uses.chain(falls.map(|(at, _)| at.clone())).chain(near.cloned()).collect()
}
