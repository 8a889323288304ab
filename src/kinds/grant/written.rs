//! Grants as YAML has them: on a thing, or under a role with names and globs.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{GRANTED_BY, Grant};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Problem, Span};
use crate::kind::{Entry, Form, Kind, Lowered, RoutineKey, find};
use crate::kinds::column::Column;
use crate::kinds::part::PrivilegeSet;
use crate::kinds::register;
use crate::model::node::{Key, Node, Value};
use crate::model::suggest::did_you_mean;
use crate::model::{Address, Declaration, Object, Origin, State, bridge};

/// A grant as written: what it is on is found once every file is read.
struct Written {
    grantee: String,
    node: Node,
    span: Option<Span>,
}

/// `grants: { reader: select, app: [select, update: [status]] }` on a thing.
pub fn on_thing(thing: &Address, node: &Node, out: &mut Lowered) {
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
pub fn under_role(role: &str, node: &Node, out: &mut Lowered) {
    let Some(entries) = node.as_map() else {
        return refuse(
            &mut out.problems,
            node.span,
            "`grants` is a map from kinds of things to what is granted on them",
        );
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
        let (grantee, things) = (role.to_owned(), things.to_vec());
        out.later.push(Box::new(move |state, problems| {
            let named = Named::of(&kinds, state);
            for (name, privileges) in things {
                let written = Written { grantee: grantee.clone(), node: privileges, span: name.span };
                add_by_name(&name.text, &named, &written, state, problems);
            }
        }));
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

/// The declared things of some kinds, by name.
struct Named<'k> {
    kinds: &'k [&'static Entry],
    things: Vec<(String, Address)>,
    /// The places in `things` of those that have a name, or have it but for the arguments.
    places: HashMap<String, Vec<usize>>,
}

impl<'k> Named<'k> {
    fn of(kinds: &'k [&'static Entry], state: &State) -> Self {
        let all = kinds.iter().flat_map(|entry| state.of_kind(entry.name));
        let things: Vec<(String, Address)> = all.map(|at| (at.path().join("."), at)).collect();
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        for (i, (path, _)) in things.iter().enumerate() {
            let bare = &path[..path.as_str().rfind_args()];
            for name in [path, bare].into_iter().take(1 + usize::from(bare != path)) {
                places.entry(name.to_owned()).or_default().push(i);
            }
        }
        Self { kinds, things, places }
    }

    /// Returns what `shop.orders`, `shop.total(bigint)` or `"shop"."orders"` stands for, and for `shop.total` every routine of
    /// that name.
    fn exactly(&self, name: &str) -> Vec<&Address> {
        let at = |i: &usize| &self.things[*i].1;
        let found = |name: &str| self.places.get(name).into_iter().flatten().map(at);
        let quoted = crate::sql::split_name(name);
        let parts = quoted.iter().flat_map(|parts| found(&parts.join(".")).filter(move |at| at.path() == *parts));
        let mut list: Vec<&Address> = found(name).chain(parts).collect();
        list.sort_unstable();
        list.dedup();
        list
    }
}

/// Adds a grant on every declared thing that a name or a glob stands for.
fn add_by_name(name: &str, named: &Named<'_>, written: &Written, state: &mut State, problems: &mut Diagnostics) {
    let exact = named.exactly(name);
    if !exact.is_empty() {
        for at in exact {
            add(at, written, state, problems);
        }
        return;
    }
    if !name.contains(['*', '?', '[', '{']) {
        let known: Vec<&str> = named.things.iter().map(|(path, _)| path.as_str()).collect();
        let what = named.kinds.first().map_or("thing".to_owned(), |e| e.name.to_string());
        let problem =
            Problem::new(Code::Dangling, format!("{what} `{name}` is not declared")).help(did_you_mean(name, &known));
        return push(problems, problem, written.span);
    }
    match globset::Glob::new(name) {
        Ok(glob) => {
            let glob = glob.compile_matcher();
            for (_, at) in named.things.iter().filter(|(path, _)| glob.is_match(path)) {
                add(at, written, state, problems);
            }
        }
        Err(error) => push(
            problems,
            Problem::new(Code::WrongType, format!("`{name}` is no glob: {}", error.kind()))
                .help("write a pattern such as `shop.*`"),
            written.span,
        ),
    }
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
    let by_owner = |item: &&Node| item.as_text().is_none_or(|text| of_grantor(text).1.is_none());
    if let Some(none) = items.iter().find(is_none).filter(|_| items.iter().filter(by_owner).count() > 1) {
        let problem = Problem::new(Code::WrongType, "`none` beside other privileges");
        push(problems, problem.help("write `none` alone, or remove it"), none.span);
    }
    let mut set = PrivilegeSet::default();
    for item in items {
        match &item.value {
            Value::Scalar(word) => words_into(&word.text, thing, (&mut set, item.span), written, state, problems),
            Value::Map(entries) => {
                for (privilege, columns) in entries {
                    on_columns(thing, &privilege.text, columns, written, state, problems);
                }
            }
            Value::Null | Value::List(_) => {
                refuse(problems, item.span, "write a privilege, or a map from privileges to columns");
            }
        }
    }
    let says_nothing = |i: &Node| i.as_map().is_some() || !by_owner(&i);
    let elsewhere = !items.is_empty() && items.iter().all(says_nothing);
    if !elsewhere {
        merge(thing, &written.grantee, Grant { privileges: set, by: None }, written.span, state);
    }
}

/// `select, insert`, `select granted by app`: what the owner grants goes into `set`, the rest where it belongs.
fn words_into(
    words: &str,
    thing: &Address,
    (set, span): (&mut PrivilegeSet, Option<Span>),
    written: &Written,
    state: &mut State,
    problems: &mut Diagnostics,
) {
    let Some(rules) = find(register(), thing.kind()).rules.privileges else { return };
    for word in crate::sql::split_commas(words) {
        let (privilege, by) = of_grantor(word);
        let mut passed_on = PrivilegeSet::default();
        let into = if by.is_some() { &mut passed_on } else { &mut *set };
        if let Err(problem) = into.add(privilege, &rules) {
            push(problems, problem, span);
        } else if by.is_some() {
            merge(thing, &written.grantee, Grant { privileges: passed_on, by }, written.span, state);
        }
    }
}

/// `select granted by app` as `select` and `app`.
fn of_grantor(word: &str) -> (&str, Option<String>) {
    let Some(i) = word.to_ascii_lowercase().find(GRANTED_BY) else { return (word, None) };
    let name = word[i + GRANTED_BY.len()..].trim();
    let quoted = name.strip_prefix('"').and_then(|n| n.strip_suffix('"')).map(|n| n.replace("\"\"", "\""));
    (&word[..i], Some(quoted.unwrap_or_else(|| name.to_owned())))
}

/// The grants on one thing as a map from grantees to privileges.
pub fn raise(children: &[(&Address, &Grant)]) -> Node {
    let mut by_grantee: BTreeMap<&str, Vec<&Grant>> = BTreeMap::new();
    let mut sorted = children.to_vec();
    sorted.sort_by_key(|(at, grant)| (grant.by.is_some(), at.key().to_owned()));
    for (at, grant) in sorted {
        by_grantee.entry(grant.grantee(at.key())).or_default().push(grant);
    }
    let entries = by_grantee.into_iter().map(|(grantee, grants)| (Key::from(grantee), privileges(&grants)));
    Node::new(Value::Map(entries.collect()))
}

fn privileges(grants: &[&Grant]) -> Node {
    if let [Grant { privileges, by: None }] = grants {
        return bridge::to_node(privileges);
    }
    let words = |grant: &&Grant| {
        let by = grant.by.as_ref().map(|by| format!("{GRANTED_BY}{}", name(by))).unwrap_or_default();
        let mut words = grant.privileges.words();
        if words.is_empty() {
            words.push("none".to_owned());
        }
        words.into_iter().map(|word| format!("{word}{by}")).collect::<Vec<_>>()
    };
    let list: Vec<String> = grants.iter().flat_map(words).collect();
    match list.as_slice() {
        [one] => bridge::to_node(one),
        list => bridge::to_node(&list.to_vec()),
    }
}

/// A role as [`of_grantor`] reads it.
fn name(role: &str) -> String {
    let plain = role.chars().all(|c| c.is_alphanumeric() || c == '_');
    if plain { role.to_owned() } else { format!("\"{}\"", role.replace('"', "\"\"")) }
}

/// `update: [status]`.
fn on_columns(
    thing: &Address,
    privilege: &str,
    columns: &Node,
    written: &Written,
    state: &mut State,
    problems: &mut Diagnostics,
) {
    let list = match &columns.value {
        Value::List(items) => items.as_slice(),
        Value::Scalar(_) => std::slice::from_ref(columns),
        Value::Null | Value::Map(_) => return refuse(problems, columns.span, "write a list of columns"),
    };
    for column in list {
        let at = thing.child(Column::NAME, column.as_text().unwrap_or_default());
        if !state.contains(&at) {
            let problem = Problem::new(Code::Dangling, format!("{at} is not declared"))
                .help(did_you_mean(at.key(), &columns_of(thing, state)));
            push(problems, problem, column.span);
            continue;
        }
        let mut set = PrivilegeSet::default();
        words_into(privilege, &at, (&mut set, columns.span), written, state, problems);
        if !set.is_empty() {
            merge(&at, &written.grantee, Grant { privileges: set, by: None }, written.span, state);
        }
    }
}

/// The names of a table's columns.
fn columns_of<'a>(thing: &Address, state: &'a State) -> Vec<&'a str> {
    state.children(thing).into_iter().filter(|at| at.kind() == Column::NAME).map(Address::key).collect()
}

fn merge(thing: &Address, grantee: &str, grant: Grant, span: Option<Span>, state: &mut State) {
    let (key, mut grant) = grant.under(grantee);
    let at = thing.child(Grant::NAME, &key);
    if let Some(before) = state.spec::<Grant>(&at) {
        grant.privileges.merge(&before.privileges);
        state.set(&at, grant);
        return;
    }
    let place = |span| Origin::File(Arc::new(Declaration { key: span, value: span, fields: Box::default() }));
    let origin = span.map_or(Origin::Derived(None), place);
    state.insert(at, Object::new(Arc::new(grant), origin));
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
