//! Grants as YAML has them: on a thing, or under a role with names and globs.

use std::sync::Arc;

use super::Grant;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Problem, Span};
use crate::kind::{Entry, Form, Kind, Lowered, RoutineKey, find};
use crate::kinds::column::Column;
use crate::kinds::part::PrivilegeSet;
use crate::kinds::register;
use crate::model::node::{Node, Value};
use crate::model::suggest::did_you_mean;
use crate::model::{Address, Object, Origin, State};

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
        let problem =
            Problem::new(Code::Dangling, format!("{what} `{name}` is not declared")).help(did_you_mean(name, &known));
        return push(problems, problem, written.span);
    }
    match globset::Glob::new(name) {
        Ok(glob) => {
            let glob = glob.compile_matcher();
            for at in candidates.iter().filter(|at| glob.is_match(at.path().join("."))) {
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

/// True for `shop.orders`, `shop.total(bigint)`, and for `shop.total` whatever its arguments.
fn is_named(at: &Address, name: &str) -> bool {
    let path = at.path().join(".");
    path == name
        || path[..path.as_str().rfind_args()] == *name
        || crate::sql::split_name(name).is_some_and(|p| p == at.path())
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
            Value::Null | Value::List(_) => {
                refuse(problems, item.span, "write a privilege, or a map from privileges to columns");
            }
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
    let origin = span.map_or(Origin::Derived(None), |s| Origin::File { key: s, value: s, fields: Arc::new([]) });
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
