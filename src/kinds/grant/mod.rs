//! The privileges of a role on an object. See <https://www.postgresql.org/docs/current/ddl-priv.html>.
//!
//! One object is the privileges of one grantee on one thing; `public` is PostgreSQL's PUBLIC. It may be declared on the
//! thing or under the role, there with globs over declared things; all that is declared adds up. Where the project
//! declares any privilege, privileges are exact: PostgreSQL's own defaults, plus declared default privileges of the
//! owner, plus what is declared on the thing, which for its grantee replaces the defaults.
//!
//! Who may pass a privilege on may be the one who grants: `select granted by app`. That is an object of its own, made and
//! taken back as that role.

mod written;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::column::Column;
use super::default_privilege::DefaultPrivilege;
use super::owner::{Owner, owner_of};
use super::part::privilege::{grantee, on_thing_schema, split_acl_item, under_role_schema};
use super::part::{PrivilegeSet, ROLE, is_default};
use crate::diagnostic::Diagnostics;
use crate::kind::access::Fact;
use crate::kind::{
    Alter, Cx, Entry, FacetRow, Form, Home, Kind, Lowered, Misfit, Privileges, References, Renaming, Rules, Under,
    demands, find,
};
use crate::kinds::register;
use crate::model::node::Node;
use crate::model::{Act, Address, Demand, HazardClass, KindName, Object, Origin, PgVersion, State, Step};

/// The privileges of one grantee on one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The privileges; none takes away what there is by default.
    pub privileges: PrivilegeSet,
    /// The role that grants them, where that is not the owner.
    #[serde(default, skip_serializing_if = "is_default")]
    pub by: Option<String>,
}

impl Kind for Grant {
    const NAME: KindName = KindName("grant");
    const NOUN: &'static str = "grant";
    const HOMES: &'static [Home] = &[
        Home { under: Under::Granted, key: "grants", form: Form::Free },
        Home { under: Under::Kinds(&[ROLE]), key: "grants", form: Form::Free },
    ];
    const RULES: Rules = Rules { short_field: Some("privileges"), ..Rules::DEFAULT };

    fn facet(row: &FacetRow, rules: &Rules) -> Vec<(String, Self)> {
        let (Some(rules), Some(acl)) = (&rules.privileges, &row.acl) else { return Vec::new() };
        let Some(items) = acl else { return by_default(rules) };
        let mut sets: Vec<(String, PrivilegeSet)> = Vec::new();
        let mut passed_on = Vec::new();
        for (name, letters, grantor) in items.iter().filter_map(|i| split_acl_item(i)) {
            let set = PrivilegeSet::from_letters(letters, rules);
            if row.owner.as_ref().is_some_and(|owner| *owner != grantor) {
                passed_on.push(Self { privileges: set, by: Some(grantor) }.under(&name));
                continue;
            }
            match sets.iter_mut().find(|(n, _)| *n == name) {
                Some((_, before)) => before.merge(&set),
                None => sets.push((name, set)),
            }
        }
        // An owner has everything unless the list says otherwise.
        if let Some(owner) = row.owner.as_ref().filter(|_| rules.noun != Column::NOUN) {
            match sets.iter().position(|(n, _)| n == owner) {
                Some(i) if sets[i].1.is_full(rules) => drop(sets.remove(i)),
                Some(_) => {}
                None => sets.push((owner.clone(), PrivilegeSet::default())),
            }
        }
        sets.into_iter().map(|(name, privileges)| Self { privileges, by: None }.under(&name)).chain(passed_on).collect()
    }

    fn born(on: &Address, cx: &Cx<'_>) -> Vec<(String, Self)> {
        let Some(rules) = &find(cx.register, on.kind()).rules.privileges else { return Vec::new() };
        let mut born: Vec<(String, PrivilegeSet)> = Vec::new();
        let public = DefaultPrivilege::public_of(cx.live, &cx.server.user, rules);
        born.push(("public".to_owned(), public));
        for (name, set) in DefaultPrivilege::given(cx.live, &cx.server.user, on, rules) {
            match born.iter_mut().find(|(n, _)| *n == name) {
                Some((_, before)) => before.merge(&set),
                None => born.push((name, set)),
            }
        }
        born.retain(|(name, set)| !set.is_empty() || *name == cx.server.user);
        if let Some(owner) = owner_in(on, cx.desired) {
            hand_over(&mut born, &cx.server.user, &owner.role);
        }
        born.into_iter().map(|(name, privileges)| Self { privileges, by: None }.under(&name)).collect()
    }

    fn lower(home: &Home, parent: Option<&Address>, node: &Node, out: &mut Lowered) {
        let parent = parent.expect("grants stand under something");
        if matches!(home.under, Under::Granted) {
            written::on_thing(parent, node, out);
        } else {
            written::under_role(parent.key(), node, out);
        }
    }

    fn free_schema(home: &Home, parent: Option<&Entry>) -> serde_json::Value {
        if !matches!(home.under, Under::Granted) {
            return under_role_schema(register());
        }
        on_thing_schema(parent.and_then(|parent| parent.rules.privileges.as_ref()))
    }

    fn raise(children: &[(&Address, &Self)]) -> Option<Node> {
        Some(written::raise(children))
    }

    fn complete(desired: &mut State, _problems: &mut Diagnostics, register: &'static [Entry]) {
        let said = [DefaultPrivilege::NAME, Self::NAME].iter().any(|kind| !desired.of_kind(*kind).is_empty());
        if !said && !desired.is_whole() {
            return;
        }
        desired.claim(Self::NAME);
        for (at, rules) in things(desired, register) {
            add_defaults(desired, &at, &rules);
        }
        drop_empty(desired, register);
        desired.share_specs(Self::NAME);
    }

    fn suit(desired: &mut State, server: PgVersion) {
        for at in desired.of_kind(Self::NAME) {
            let (Some(mut grant), Some(thing)) = (desired.spec::<Self>(&at).cloned(), at.parent()) else { continue };
            let Some(rules) = find(register(), thing.kind()).rules.privileges else { continue };
            if grant.privileges.suit(&rules, server) {
                desired.set(&at, grant);
            }
        }
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        self.privileges.late(cx)
    }

    /// What there is by default goes unsaid; what there is not, although it is default, is `none`.
    fn before_raise(state: &mut State, register: &'static [Entry]) {
        let mut unsaid: HashSet<Address> = HashSet::new();
        for (at, rules) in things(state, register) {
            for (name, privileges) in defaults(state, &at, &rules) {
                let place = at.child(Self::NAME, &name);
                match state.spec::<Self>(&place) {
                    Some(grant) if grant.privileges == privileges => drop(unsaid.insert(place)),
                    Some(_) => {}
                    None => {
                        let none = Self { privileges: PrivilegeSet::default(), by: None };
                        state.insert(place, Object::new(Arc::new(none), Origin::Derived(None)));
                    }
                }
            }
        }
        let all = state.of_kind(Self::NAME).len();
        if state.is_whole() || all > unsaid.len() || !state.of_kind(DefaultPrivilege::NAME).is_empty() {
            state.retain(|at, _| !unsaid.contains(at));
        }
    }

    /// What default privileges give to a part of which nothing is said is theirs.
    fn managed(&self, at: &Address, desired: &State) -> bool {
        let rules = at.parent().and_then(|thing| unsaid_part(thing, desired));
        let is_given = |rules| DefaultPrivilege::any_gives(desired, self.grantee(at.key()), &rules);
        desired.claims(Self::NAME) && !rules.is_some_and(is_given)
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        if let Some(by) = &mut self.by {
            renaming.root(ROLE, by);
        }
    }

    fn key_after(&self, key: &str, renaming: Renaming<'_>) -> Option<String> {
        let (Some(_), Some((grantee, _))) = (&self.by, key.rsplit_once(GRANTED_BY)) else {
            return renaming.key(ROLE, key);
        };
        let grantee = renaming.key(ROLE, grantee).unwrap_or_else(|| grantee.to_owned());
        Some(self.clone().under(&grantee).0).filter(|now| now != key)
    }

    /// A new owner takes over all that the old one had, and its own grants go up in that.
    fn foresee(live: &mut State, desired: &State) {
        let grants = live.of_kind(Self::NAME);
        let things: HashSet<&Address> = grants.iter().filter_map(Address::parent).collect();
        let handed_over: Vec<(Address, Address)> = things
            .into_iter()
            .filter_map(|thing| {
                let (old, new) = (owner_in(thing, live)?, owner_in(thing, desired)?);
                (old != new).then(|| (thing.child(Self::NAME, &old.role), thing.child(Self::NAME, &new.role)))
            })
            .collect();
        if handed_over.is_empty() {
            return rest_on_grantors(live);
        }
        let moved: HashMap<&Address, &Address> = handed_over.iter().map(|(old, new)| (old, new)).collect();
        let taken: HashSet<&Address> = moved.values().copied().collect();
        live.retain(|at, _| !taken.contains(at));
        live.move_each(|at| (*moved.get(at).unwrap_or(&at)).clone());
        rest_on_grantors(live);
    }

    fn references(&self, at: &Address, out: &mut References) {
        if self.grantee(at.key()) != "public" {
            out.object(Address::root(ROLE, self.grantee(at.key())), "privileges");
        }
        if let Some(by) = &self.by {
            out.object(Address::root(ROLE, by), "by");
        }
    }

    fn demands(&self, act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        self.by.as_ref().map_or_else(|| demands::usual(act, cx), |by| vec![Demand::Becomes(by.clone())])
    }

    fn access(&self, at: &Address) -> Option<Fact> {
        Some(Fact::Grant(self.grantee(at.key()).to_owned(), self.privileges.0.clone()))
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        self.steps(&self.starting_point(cx), cx)
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { privileges, by } = self;
        let less = |(name, option): (&String, &bool)| privileges.0.get(name).is_none_or(|now| *option && !now);
        if by.is_some() && old.privileges.0.iter().any(less) {
            return Alter::Replace("its grantor may no longer pass all of it on".to_owned());
        }
        Alter::InPlace(self.steps(&old.privileges, cx))
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        Self { privileges: self.starting_point(cx), by: self.by.clone() }.steps(&self.privileges, cx)
    }
}

/// What stands between grantee and grantor in a key, and before the grantor in YAML.
const GRANTED_BY: &str = " granted by ";

impl Grant {
    /// With its key: the grantee, and the grantor where that is not the owner.
    fn under(self, grantee: &str) -> (String, Self) {
        let key = self.by.as_ref().map_or_else(|| grantee.to_owned(), |by| format!("{grantee}{GRANTED_BY}{by}"));
        (key, self)
    }

    /// The grantee, of its key.
    fn grantee<'a>(&self, key: &'a str) -> &'a str {
        let by = self.by.as_ref().map(|by| format!("{GRANTED_BY}{by}"));
        by.and_then(|by| key.strip_suffix(by.as_str())).unwrap_or(key)
    }

    /// What a grantee has where no list says anything.
    fn starting_point(&self, cx: &Cx<'_>) -> PrivilegeSet {
        if self.by.is_some() { PrivilegeSet::default() } else { starting_point(cx) }
    }

    fn steps(&self, old: &PrivilegeSet, cx: &Cx<'_>) -> Vec<Step> {
        let thing = cx.parent();
        let (on, columns) = target(&thing);
        let name = grantee(self.grantee(cx.at.key()));
        let rests_on = self.by.as_ref().map(|by| options_of(by, thing.at, cx.desired)).unwrap_or_default();
        let changes = self.privileges.changes(old);
        let mut steps: Vec<Step> = changes
            .statements(&on, &name, &columns)
            .into_iter()
            .map(|(sql, takes)| {
                let step = Step { run_as: self.by.clone(), completes: !takes, ..Step::new(sql) }
                    .needs([thing.at.child(Owner::NAME, "")]);
                let step = if takes { step } else { step.needs(rests_on.clone()) };
                if takes { step.hazard(HazardClass::Access, format!("takes privileges from {name}")) } else { step }
            })
            .collect();
        if !changes.revoke.is_empty() && columns.is_empty() {
            steps.extend(restore_columns(&changes.revoke, &thing, cx));
        }
        steps
    }
}

/// What a new owner has of what its maker had from the start: nothing said is everything.
fn hand_over(born: &mut Vec<(String, PrivilegeSet)>, maker: &str, owner: &str) {
    let mut take = |who: &str| born.iter().position(|(name, _)| name == who).map(|i| born.remove(i).1);
    if maker == owner {
        return;
    }
    let (own, theirs) = (take(maker), take(owner));
    if let Some(mut set) = own {
        set.merge(&theirs.unwrap_or_default());
        born.push((owner.to_owned(), set));
    }
}

/// The grants by which a role may have what it passes on: on the thing, and on the table of a column.
fn options_of(role: &str, thing: &Address, state: &State) -> Vec<Address> {
    let things = std::iter::once(thing).chain(thing.parent());
    let grants = things.flat_map(|thing| state.children_of::<Grant>(thing, Grant::NAME));
    grants.filter(|(at, grant)| grant.grantee(at.key()) == role).map(|(at, _)| at.clone()).collect()
}

/// What a role passed on goes before what it has goes.
fn rest_on_grantors(live: &mut State) {
    let mut edges = Vec::new();
    for at in live.of_kind(Grant::NAME) {
        let by = live.spec::<Grant>(&at).and_then(|grant| grant.by.clone());
        let (Some(by), Some(thing)) = (by, at.parent()) else { continue };
        edges.extend(options_of(&by, thing, live).into_iter().map(|to| (at.clone(), to)));
    }
    for (from, to) in edges {
        live.add_edge(from, to);
    }
}

/// A revoke on a table takes the same privilege on its columns too: they are granted again.
fn restore_columns(revoked: &[String], thing: &Cx<'_>, cx: &Cx<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    for (column, _) in cx.desired.children_of::<Column>(thing.at, Column::NAME) {
        let at = column.child(Grant::NAME, cx.at.key());
        let (Some(wanted), Some(there)) = (cx.desired.spec::<Grant>(&at), cx.live.spec::<Grant>(&at)) else { continue };
        let mut lost = there.privileges.clone();
        lost.0.retain(|name, _| !revoked.contains(name));
        let mut kept = wanted.privileges.clone();
        kept.0.retain(|name, _| there.privileges.0.contains_key(name));
        steps.extend(Grant { privileges: kept, by: wanted.by.clone() }.steps(&lost, &cx.at(&at)).into_iter().map(
            |mut s| {
                s.hazards.clear();
                s
            },
        ));
    }
    steps
}

/// True for a column of a table or a view.
fn is_column(entry: &Entry) -> bool {
    entry.noun == Column::NOUN
}

/// What the privileges are on, and the column that is written behind each.
fn target(thing: &Cx<'_>) -> (String, String) {
    if is_column(thing.entry) {
        let table = thing.parent();
        return (format!("table {}", table.identity()), format!(" ({})", thing.name()));
    }
    let noun = thing.entry.rules.privileges.map_or(thing.entry.noun, |p| p.noun);
    let identity = thing.identity();
    // Of an aggregate without arguments every other statement wants `(*)`, but `grant` wants `()`.
    let identity = identity.strip_suffix("(*)").map_or_else(|| identity.clone(), |name| format!("{name}()"));
    (format!("{noun} {identity}"), String::new())
}

/// What a grantee has where no list says anything: everything for the owner, else nothing.
fn starting_point(cx: &Cx<'_>) -> PrivilegeSet {
    let thing = cx.parent();
    let Some(rules) = thing.entry.rules.privileges else { return PrivilegeSet::default() };
    let managed = owner_in(thing.at, cx.desired).is_some();
    let made = !managed && !cx.live.contains(thing.at) && cx.at.key() == cx.server.user;
    if made || is_owner(cx.at.key(), thing.at, if managed { cx.desired } else { cx.live }) {
        let mut all = PrivilegeSet::of(rules.all.iter().map(|(name, _)| name));
        all.suit(&rules, cx.server.version);
        return all;
    }
    PrivilegeSet::default()
}

fn is_owner(name: &str, thing: &Address, state: &State) -> bool {
    owner_in(thing, state).is_some_and(|owner| owner.role == name)
}

/// The owner of a thing, or of what it is a part of. Columns are nobody's: who owns the table has it all there.
fn owner_in<'a>(thing: &Address, state: &'a State) -> Option<&'a Owner> {
    let entry = find(register(), thing.kind());
    if entry.rules.owner || is_column(entry) {
        return state.spec::<Owner>(&thing.child(Owner::NAME, ""));
    }
    owner_of(thing, state)
}

/// The privileges of what only describes a part of something declared, and is not declared itself.
fn unsaid_part(thing: &Address, desired: &State) -> Option<Privileges> {
    let rules = &find(register(), thing.kind()).rules;
    let is_part = rules.shadow && thing.parent().is_some_and(|of| desired.contains(of));
    rules.privileges.filter(|_| is_part && !desired.contains(thing))
}

fn by_default(rules: &Privileges) -> Vec<(String, Grant)> {
    let public = PrivilegeSet::of(rules.public);
    if public.is_empty() { Vec::new() } else { vec![("public".to_owned(), Grant { privileges: public, by: None })] }
}

/// What grantees have on a thing by default, the owner left out: PUBLIC, and those that default privileges name.
fn defaults(state: &State, at: &Address, rules: &Privileges) -> Vec<(String, PrivilegeSet)> {
    let owner = owner_of(at, state).map(|o| o.role.clone()).unwrap_or_default();
    let mut defaults = vec![("public".to_owned(), DefaultPrivilege::public_of(state, &owner, rules))];
    for (name, set) in DefaultPrivilege::given(state, &owner, at, rules) {
        match defaults.iter_mut().find(|(n, _)| *n == name) {
            Some((_, before)) => before.merge(&set),
            None => defaults.push((name, set)),
        }
    }
    defaults.retain(|(name, set)| *name != owner && !set.is_empty());
    defaults
}

/// Adds what grantees have by default, unless the thing says otherwise for them.
fn add_defaults(desired: &mut State, at: &Address, rules: &Privileges) {
    for (name, privileges) in defaults(desired, at, rules) {
        let place = at.child(Grant::NAME, &name);
        if !desired.contains(&place) {
            let span = desired.get(at).and_then(|o| o.origin.span());
            desired.insert(place, Object::new(Arc::new(Grant { privileges, by: None }), Origin::Derived(span)));
        }
    }
}

/// The things that have privileges and defaults for them: not columns.
fn things(state: &State, register: &'static [Entry]) -> Vec<(Address, Privileges)> {
    let with_rules = |at: &Address| Some((at.clone(), find(register, at.kind()).rules.privileges?));
    state.iter().map(|(at, _)| at).filter(|at| !is_column(find(register, at.kind()))).filter_map(with_rules).collect()
}

/// `none` has done its part; an owner with everything is as good as unsaid.
fn drop_empty(desired: &mut State, register: &'static [Entry]) {
    let mut unsaid: HashSet<Address> = HashSet::new();
    for at in desired.of_kind(Grant::NAME) {
        let (Some(grant), Some(thing)) = (desired.spec::<Grant>(&at), at.parent()) else { continue };
        let owned = is_owner(at.key(), thing, desired);
        let full = find(register, thing.kind()).rules.privileges.is_some_and(|r| grant.privileges.is_full(&r));
        if if owned { full } else { grant.privileges.is_empty() } {
            unsaid.insert(at);
        }
    }
    desired.retain(|at, _| !unsaid.contains(at));
}
