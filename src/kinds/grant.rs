//! What a role may do with an object. See <https://www.postgresql.org/docs/current/ddl-priv.html>.
//!
//! One object is the privileges of one grantee on one thing; `public` is PostgreSQL's PUBLIC. It may be declared on the
//! thing or under the role, there with globs over declared things; all that is declared adds up. Where the project
//! declares any privilege, privileges are exact: PostgreSQL's own defaults, plus declared default privileges of the
//! owner, plus what is declared on the thing, which for its grantee replaces the defaults.

use std::collections::HashSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::column::Column;
use super::default_privilege::DefaultPrivilege;
use super::owner::{Owner, owner_of};
use super::part::privilege::{grantee, split_acl_item};
use super::part::{PrivilegeSet, ROLE};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Problem, Span};
use crate::kind::{
    Alter, Cx, Entry, FacetRow, Form, Home, Kind, Lowered, Privileges, References, RoutineKey, Rules, Under, find,
};
use crate::kinds::register;
use crate::model::node::{Key, Node, Value};
use crate::model::suggest::did_you_mean;
use crate::model::{Address, HazardClass, KindName, Object, Origin, State, Step};

/// The privileges of one grantee on one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The privileges; none takes away what there is by default.
    pub privileges: PrivilegeSet,
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
        for (name, letters) in items.iter().filter_map(|i| split_acl_item(i)) {
            let set = PrivilegeSet::from_letters(letters, rules);
            match sets.iter_mut().find(|(n, _)| *n == name) {
                Some((_, before)) => before.merge(&set),
                None => sets.push((name, set)),
            }
        }
        // An owner has everything unless the list says otherwise.
        if let Some(owner) = &row.owner {
            match sets.iter().position(|(n, _)| n == owner) {
                Some(i) if sets[i].1.is_full(rules) => drop(sets.remove(i)),
                Some(_) => {}
                None => sets.push((owner.clone(), PrivilegeSet::default())),
            }
        }
        sets.into_iter().map(|(name, privileges)| (name, Self { privileges })).collect()
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
        born.retain(|(_, set)| !set.is_empty());
        born.into_iter().map(|(name, privileges)| (name, Self { privileges })).collect()
    }

    fn lower(home: &Home, parent: Option<&Address>, node: &Node, out: &mut Lowered) {
        let parent = parent.expect("grants stand under something");
        if matches!(home.under, Under::Granted) {
            on_thing(parent, node, out);
        } else {
            under_role(parent.key(), node, out);
        }
    }

    fn free_schema(home: &Home) -> serde_json::Value {
        let granted = granted_schema();
        if matches!(home.under, Under::Granted) {
            return json!({ "type": "object", "additionalProperties": granted });
        }
        let things = |entry: &Entry| {
            let alone = entry.homes.iter().any(|h| h.form == Form::One);
            if alone { granted.clone() } else { json!({ "type": "object", "additionalProperties": granted }) }
        };
        let properties: serde_json::Map<String, serde_json::Value> =
            register().iter().filter_map(|e| Some((e.rules.privileges?.plural.to_owned(), things(e)))).collect();
        json!({ "type": "object", "properties": properties, "additionalProperties": false })
    }

    fn raise(children: &[(&Address, &Self)]) -> Option<Node> {
        let pair = |(at, grant): &(&Address, &Self)| {
            let value = crate::model::bridge::to_node(&grant.privileges);
            (Key::from(at.key()), value)
        };
        let mut sorted: Vec<_> = children.to_vec();
        sorted.sort_by_key(|(at, _)| at.key().to_owned());
        Some(Node::new(Value::Map(sorted.iter().map(pair).collect())))
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
                        let none = Self { privileges: PrivilegeSet::default() };
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

    fn managed(&self, _at: &Address, desired: &State) -> bool {
        desired.claims(Self::NAME)
    }

    fn rekeyed(live: &mut State, old: &Address, new: &Address) {
        if old.kind() == ROLE {
            live.rekey(Self::NAME, old.key(), new.key());
        }
    }

    /// A new owner takes over all that the old one had, and its own grants go up in that.
    fn foresee(live: &mut State, desired: &State) {
        let handed_over: Vec<(Address, Address)> = live
            .of_kind(Owner::NAME)
            .into_iter()
            .filter_map(|at| {
                let (old, new) = (live.spec::<Owner>(&at)?, desired.spec::<Owner>(&at)?);
                let thing = at.parent().filter(|_| old != new)?;
                Some((thing.child(Self::NAME, &old.role), thing.child(Self::NAME, &new.role)))
            })
            .collect();
        for (old, new) in handed_over {
            live.remove(&new);
            if live.contains(&old) {
                live.relocate(&old, &new);
            }
        }
    }

    fn references(&self, at: &Address, out: &mut References) {
        if at.key() != "public" {
            out.object(Address::root(ROLE, at.key()), "privileges");
        }
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        self.steps(&starting_point(cx), cx)
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        Alter::InPlace(self.steps(&old.privileges, cx))
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        Self { privileges: starting_point(cx) }.steps(&self.privileges, cx)
    }
}

/// `select`, `[select, update: [status]]`, `none`.
fn granted_schema() -> serde_json::Value {
    let columns = json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] });
    let of_columns = json!({ "type": "object", "additionalProperties": columns });
    json!({ "anyOf": [
        { "type": "string" },
        { "type": "array", "items": { "anyOf": [{ "type": "string" }, of_columns.clone()] } },
        of_columns
    ] })
}

impl Grant {
    fn steps(&self, old: &PrivilegeSet, cx: &Cx<'_>) -> Vec<Step> {
        let thing = cx.parent();
        let (on, columns) = target(&thing);
        let name = grantee(cx.at.key());
        let changes = self.privileges.changes(old);
        let mut steps: Vec<Step> = changes
            .statements(&on, &name, &columns)
            .into_iter()
            .map(|(sql, takes)| {
                let step = Step::new(sql).needs([thing.at.child(Owner::NAME, "")]);
                if takes { step.hazard(HazardClass::Access, format!("takes privileges from {name}")) } else { step }
            })
            .collect();
        if !changes.revoke.is_empty() && columns.is_empty() {
            steps.extend(restore_columns(&changes.revoke, &thing, cx));
        }
        steps
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
        steps.extend(Grant { privileges: kept }.steps(&lost, &cx.at(&at)).into_iter().map(|mut s| {
            s.hazards.clear();
            s
        }));
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
    let managed = cx.desired.contains(&thing.at.child(Owner::NAME, ""));
    if is_owner(cx.at.key(), thing.at, if managed { cx.desired } else { cx.live }) {
        let known = |(name, _): &&(&str, char)| *name != "maintain" || cx.server.version.at_least(17);
        return PrivilegeSet::of(rules.all.iter().filter(known).map(|(n, _)| n));
    }
    PrivilegeSet::default()
}

fn is_owner(name: &str, thing: &Address, state: &State) -> bool {
    state.spec::<Owner>(&thing.child(Owner::NAME, "")).is_some_and(|o| o.role == name)
}

fn by_default(rules: &Privileges) -> Vec<(String, Grant)> {
    let public = PrivilegeSet::of(rules.public);
    if public.is_empty() { Vec::new() } else { vec![("public".to_owned(), Grant { privileges: public })] }
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
            desired.insert(place, Object::new(Arc::new(Grant { privileges }), Origin::Derived(span)));
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
    let mut unsaid: Vec<Address> = Vec::new();
    for at in desired.of_kind(Grant::NAME) {
        let (Some(grant), Some(thing)) = (desired.spec::<Grant>(&at), at.parent()) else { continue };
        let owned = is_owner(at.key(), thing, desired);
        let full = find(register, thing.kind()).rules.privileges.is_some_and(|r| grant.privileges.is_full(&r));
        if if owned { full } else { grant.privileges.is_empty() } {
            unsaid.push(at);
        }
    }
    let unsaid: HashSet<Address> = unsaid.into_iter().collect();
    desired.retain(|at, _| !unsaid.contains(at));
}

/// A grant as written: what it is on is found once every file is read.
struct Written {
    grantee: String,
    node: Node,
    span: Option<Span>,
}

/// `grants: { reader: select, app: [select, update: [status]] }` on a thing.
fn on_thing(thing: &Address, node: &Node, out: &mut Lowered) {
    let Some(entries) = node.as_map() else {
        return refuse(&mut out.problems, node.span, "`grants` is a map from roles to privileges");
    };
    for (key, value) in entries {
        let written = Written { grantee: key.text.to_string(), node: value.clone(), span: key.span.or(value.span) };
        let thing = thing.clone();
        out.later.push(Box::new(move |state, problems| add(&thing, &written, state, problems)));
    }
}

/// `grants: { database: connect, tables: { shop.orders: select, "shop.*": select } }` under a role.
fn under_role(role: &str, node: &Node, out: &mut Lowered) {
    let Some(entries) = node.as_map() else {
        return refuse(&mut out.problems, node.span, "`grants` is a map from kinds of things to what is granted on them");
    };
    for (key, value) in entries {
        let kinds: Vec<&'static Entry> = granted(&key.text);
        if kinds.is_empty() {
            let mut known: Vec<&str> = register().iter().filter_map(|e| e.rules.privileges).map(|p| p.plural).collect();
            known.sort_unstable();
            known.dedup();
            let problem = Problem::new(Code::UnknownKey, format!("unknown key `{}`", key.text))
                .help(did_you_mean(&key.text, &known));
            push(&mut out.problems, problem, key.span);
            continue;
        }
        if let [entry] = kinds.as_slice()
            && entry.homes.iter().any(|h| h.form == Form::One)
        {
            one_of_a_kind(role, entry, value, out);
            continue;
        }
        let Some(things) = value.as_map() else {
            refuse(&mut out.problems, value.span, "write a map from names to privileges");
            continue;
        };
        for (name, privileges) in things {
            let written = Written { grantee: role.to_owned(), node: privileges.clone(), span: name.span };
            let (name, kinds) = (name.text.to_string(), kinds.clone());
            out.later.push(Box::new(move |state, problems| add_by_name(&name, &kinds, &written, state, problems)));
        }
    }
}

/// Kinds whose privileges go by that plural.
fn granted(plural: &str) -> Vec<&'static Entry> {
    register().iter().filter(|e| e.rules.privileges.is_some_and(|p| p.plural == plural)).collect()
}

/// `database: connect`: there is one, and it need not be declared.
fn one_of_a_kind(role: &str, entry: &'static Entry, node: &Node, out: &mut Lowered) {
    let at = Address::root(entry.name, "");
    let written = Written { grantee: role.to_owned(), node: node.clone(), span: node.span };
    out.later.push(Box::new(move |state, problems| {
        if !state.contains(&at)
            && let Ok(spec) = (entry.read)(&Node::new(Value::Map(Vec::new())))
        {
            state.insert(at.clone(), Object::new(spec, Origin::Derived(written.span)));
        }
        add(&at, &written, state, problems);
    }));
}

/// Adds a grant on every declared thing that a name or a glob stands for.
fn add_by_name(name: &str, kinds: &[&'static Entry], written: &Written, state: &mut State, problems: &mut Diagnostics) {
    let candidates: Vec<Address> =
        state.iter().map(|(at, _)| at).filter(|at| kinds.iter().any(|e| e.name == at.kind())).cloned().collect();
    let exact: Vec<&Address> = candidates.iter().filter(|at| is_named(at, name)).collect();
    if !exact.is_empty() {
        for at in exact {
            add(at, written, state, problems);
        }
        return;
    }
    if !name.contains(['*', '?', '[', '{']) {
        let known: Vec<String> = candidates.iter().map(|at| at.path().join(".")).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let what = kinds.first().map_or("thing".to_owned(), |e| e.name.to_string());
        let problem = Problem::new(Code::Dangling, format!("{what} `{name}` is not declared"))
            .help(did_you_mean(name, &known));
        return push(problems, problem, written.span);
    }
    match globset::Glob::new(name) {
        Ok(glob) => {
            let glob = glob.compile_matcher();
            for at in candidates.iter().filter(|at| glob.is_match(at.path().join("."))) {
                add(at, written, state, problems);
            }
        }
        Err(error) => push(problems, Problem::new(Code::WrongType, format!("`{name}` is no glob: {}", error.kind())).help("write a pattern such as `shop.*`"), written.span),
    }
}

/// True for `shop.orders`, `shop.total(bigint)`, and for `shop.total` whatever its arguments.
fn is_named(at: &Address, name: &str) -> bool {
    let path = at.path().join(".");
    path == name || path[..path.as_str().rfind_args()] == *name || crate::sql::split_name(name).is_some_and(|p| p == at.path())
}

/// Adds what is written to what is there.
fn add(thing: &Address, written: &Written, state: &mut State, problems: &mut Diagnostics) {
    if !state.contains(thing) {
        return; // reported where it is declared
    }
    let items = match &written.node.value {
        Value::List(items) => items.as_slice(),
        Value::Scalar(_) | Value::Map(_) => std::slice::from_ref(&written.node),
        Value::Null => &[],
    };
    let is_none = |item: &&Node| item.as_text() == Some("none");
    if let Some(none) = items.iter().find(is_none).filter(|_| items.len() > 1) {
        let problem = Problem::new(Code::WrongType, "`none` beside other privileges");
        push(problems, problem.help("write `none` alone, or remove it"), none.span);
    }
    let mut set = PrivilegeSet::default();
    for item in items {
        match &item.value {
            Value::Scalar(word) => word_into(&word.text, thing, item.span, &mut set, problems),
            Value::Map(entries) => {
                for (privilege, columns) in entries {
                    on_columns(thing, &privilege.text, columns, written, state, problems);
                }
            }
            Value::Null | Value::List(_) => refuse(problems, item.span, "write a privilege, or a map from privileges to columns"),
        }
    }
    let columns_only = !items.is_empty() && items.iter().all(|i| i.as_map().is_some());
    if !columns_only {
        merge(&thing.child(Grant::NAME, &written.grantee), set, written.span, state);
    }
}

fn word_into(words: &str, thing: &Address, span: Option<Span>, set: &mut PrivilegeSet, problems: &mut Diagnostics) {
    let Some(rules) = find(register(), thing.kind()).rules.privileges else { return };
    for word in words.split(',') {
        if let Err(problem) = set.add(word, &rules) {
            push(problems, problem, span);
        }
    }
}

/// `update: [status]`.
fn on_columns(thing: &Address, privilege: &str, columns: &Node, written: &Written, state: &mut State, problems: &mut Diagnostics) {
    let list = match &columns.value {
        Value::List(items) => items.as_slice(),
        Value::Scalar(_) => std::slice::from_ref(columns),
        Value::Null | Value::Map(_) => return refuse(problems, columns.span, "write a list of columns"),
    };
    for column in list {
        let at = thing.child(Column::NAME, column.as_text().unwrap_or_default());
        if !state.contains(&at) {
            let problem = Problem::new(Code::Dangling, format!("{at} is not declared")).help(did_you_mean(at.key(), &columns_of(thing, state)));
            push(problems, problem, column.span);
            continue;
        }
        let mut set = PrivilegeSet::default();
        word_into(privilege, &at, columns.span, &mut set, problems);
        merge(&at.child(Grant::NAME, &written.grantee), set, written.span, state);
    }
}

/// The names of a table's columns.
fn columns_of<'a>(thing: &Address, state: &'a State) -> Vec<&'a str> {
    state.children(thing).into_iter().filter(|at| at.kind() == Column::NAME).map(Address::key).collect()
}

fn merge(at: &Address, mut set: PrivilegeSet, span: Option<Span>, state: &mut State) {
    if let Some(before) = state.spec::<Grant>(at) {
        set.merge(&before.privileges);
        state.set(at, Grant { privileges: set });
        return;
    }
    let origin = span.map_or(Origin::Derived(None), |s| Origin::File { key: s, value: s, fields: Box::new([]) });
    state.insert(at.clone(), Object::new(Arc::new(Grant { privileges: set }), origin));
}

fn refuse(problems: &mut Diagnostics, span: Option<Span>, help: &str) {
    push(problems, Problem::new(Code::WrongType, "this is no list of privileges").help(help), span);
}

fn push(problems: &mut Diagnostics, problem: Problem, span: Option<Span>) {
    problems.push(match span {
        Some(span) => problem.at(span, ""),
        None => Diagnostic::from(problem),
    });
}
