//! A state changed by chance: a few of the changes that people make.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::generate::{Maker, NUMBERS, TEXTS, TIMES};
use super::rng::Rng;
use super::state::{Class, Id, Name, State};

/// A mutation of a state.
pub fn mutate(before: &State, rng: &mut Rng) -> State {
    let taken: BTreeSet<String> = before.objects.keys().map(|id| before.name(*id)).collect();
    let mut maker = Maker { rng, state: before.clone(), taken };
    let changes = 1 + maker.rng.below(5);
    for _ in 0..changes {
        change(&mut maker);
    }
    maker.state.prune();
    if maker.state.of("schemas").is_empty() { before.clone() } else { maker.state }
}

fn change(maker: &mut Maker<'_>) {
    match maker.rng.below(18) {
        0 | 1 => remove(maker),
        14..=17 => roll(maker),
        2..=4 => rename(maker),
        5 | 6 => change_type(maker),
        7 | 8 => change_expression(maker),
        9 => replace(maker),
        10 | 11 => drop_field(maker),
        _ => maker.anything(),
    }
}

fn any(maker: &mut Maker<'_>, keep: impl Fn(&State, Id) -> bool) -> Option<Id> {
    let list: Vec<Id> = maker.state.objects.keys().copied().filter(|id| keep(&maker.state, *id)).collect();
    maker.rng.maybe(&list)
}

fn remove(maker: &mut Maker<'_>) {
    let Some(id) = any(maker, |s, id| !matches!(s.objects[&id].section, "schemas" | "outputs")) else { return };
    maker.state.remove(id);
}

/// Another value for an option.
fn roll(maker: &mut Maker<'_>) {
    for _ in 0..4 {
        let Some(id) = any(maker, |_, _| true) else { return };
        if maker.roll(id) {
            return;
        }
    }
}

fn can_rename(state: &State, id: Id) -> bool {
    let object = &state.objects[&id];
    // Open: the parts that PostgreSQL gives a partition keep the names that they have from it and its columns.
    let partitioned = |table: &Id| state.objects[table].section == "partitioned";
    if object.parent.as_ref().filter(|p| partitioned(p)).is_some_and(|p| !state.under(*p, "indexes").is_empty()) {
        return false;
    }
    let kept = [
        "outputs",
        "primary_key",
        "partitioned",
        "partitions",
        "operators",
        "shell_types",
        "access_methods",
        "text_search_templates",
        "text_search_parsers",
    ];
    !kept.contains(&object.section) && matches!(object.name, Name::Own(_)) && object.was.is_none()
}

fn rename(maker: &mut Maker<'_>) {
    let Some(id) = any(maker, can_rename) else { return };
    let was = maker.state.key(id);
    let name = maker.fresh();
    let object = maker.state.objects.get_mut(&id).expect("it is there");
    object.was = Some(was);
    // In the name of statistics a dot says a schema.
    object.name = Name::Own(if object.section == "statistics" { name.replace('.', "_") } else { name });
}

/// Another type of the same class.
fn change_type(maker: &mut Maker<'_>) {
    let plain = |s: &State, id: Id| {
        let o = &s.objects[&id];
        o.section == "columns" && !o.fields.contains_key("identity") && !o.fields["type"].to_string().contains('@')
    };
    let Some(id) = any(maker, plain) else { return };
    let class = maker.state.objects[&id].class;
    let list = match class {
        Class::Number => NUMBERS,
        Class::Text => TEXTS,
        Class::Time => TIMES,
        _ => return,
    };
    let kind = *maker.rng.pick(list);
    set(maker, id, "type", json!(kind));
    // The keys of a foreign key are changed together.
    let mut alike: Vec<Id> = vec![id];
    loop {
        let more: Vec<Id> = maker
            .state
            .of("foreign_keys")
            .into_iter()
            .map(|key| columns_of_both(key, &maker.state))
            .filter(|used| used.iter().any(|u| alike.contains(u)))
            .flatten()
            .filter(|u| maker.state.objects.get(u).is_some_and(|o| o.section == "columns") && !alike.contains(u))
            .collect();
        if more.is_empty() {
            break;
        }
        alike.extend(more);
    }
    for other in alike {
        set(maker, other, "type", json!(kind));
    }
}

/// What a foreign key names, and what the key that it rests on does: its own text may name no columns there.
fn columns_of_both(foreign: Id, state: &State) -> Vec<Id> {
    let named = super::state::uses(&state.objects[&foreign]);
    let keys =
        named.iter().filter_map(|id| state.objects.get(id)).filter(|o| matches!(o.section, "primary_key" | "unique"));
    let below: Vec<Id> = keys.flat_map(super::state::uses).collect();
    named.into_iter().chain(below).collect()
}

fn set(maker: &mut Maker<'_>, id: Id, key: &'static str, value: Value) {
    maker.state.objects.get_mut(&id).expect("it is there").fields.insert(key, value);
}

/// Another expression, query, body or option.
fn change_expression(maker: &mut Maker<'_>) {
    let sections = [
        "checks",
        "views",
        "materialized_views",
        "columns",
        "indexes",
        "policies",
        "functions",
        "enums",
        "sequences",
        "domains",
        "composites",
        "aggregates",
        "procedures",
        "rules",
        "exclusions",
    ];
    let Some(id) = any(maker, |s, id| sections.contains(&s.objects[&id].section)) else { return };
    let object = maker.state.objects[&id].clone();
    let table = object.parent.expect("only schemas stand alone");
    match object.section {
        "checks" | "policies" => {
            let key = if object.section == "checks" { "expression" } else { "using" };
            if let Some(test) = maker.test_of(table) {
                set(maker, id, key, json!(test));
            }
        }
        "indexes" => {
            if let Some(test) = maker.lasting_test_of(table) {
                set(maker, id, "where", json!(test));
            }
        }
        "views" | "materialized_views" => {
            // Its users go with its old columns; views on itself are avoided by taking a table.
            let tables = maker.state.of("tables");
            let Some(source) = maker.rng.maybe(&tables) else { return };
            let old = maker.state.under(id, "outputs");
            maker.query(id, source);
            for output in old {
                maker.state.remove(output);
            }
        }
        "columns" if !object.fields.contains_key("identity") && !object.fields.contains_key("generated") => {
            let kind = object.fields["type"].as_str().unwrap_or_default().to_owned();
            if !kind.starts_with('@') {
                let default = maker.default(object.class, &kind);
                set(maker, id, "default", json!(default));
            }
        }
        "functions" if object.class == Class::Number => {
            let sql = object.fields["language"] == "sql";
            set(maker, id, "body", json!(if sql { "select n + 2" } else { "begin return n + 2; end" }));
        }
        "enums" => {
            let labels = maker.rng.some(&["new", "paid", "Shipped", "it's", "a b", "zz"], 5);
            set(maker, id, "labels", json!(labels));
        }
        "sequences" => set(maker, id, "increment", json!(7)),
        "domains" => {
            let test = maker.test("value", object.class);
            set(maker, id, "checks", json!({ "fits": test, "more": "value is not null or value is null" }));
        }
        "composites" => {
            let mut attributes = object.fields["attributes"].clone();
            attributes["added"] = json!("bigint");
            set(maker, id, "attributes", attributes);
        }
        "aggregates" => set(maker, id, "sfunc", json!("int4larger")),
        "procedures" => set(maker, id, "body", json!("begin raise notice 'x'; end")),
        "rules" => {
            let text = object.fields["definition"].as_str().unwrap_or_default().replace("is null", "is not null");
            set(maker, id, "definition", json!(text));
        }
        "exclusions" => set(maker, id, "deferrable", json!(true)),
        _ => {}
    }
}

/// An object of another kind takes a name that was another's.
fn replace(maker: &mut Maker<'_>) {
    let relation = |s: &State, id: Id| {
        let object = &s.objects[&id];
        matches!(object.section, "tables" | "views" | "materialized_views" | "sequences") && object.was.is_none()
    };
    let Some(id) = any(maker, relation) else { return };
    let (section, parent) = (maker.state.objects[&id].section, maker.state.objects[&id].parent);
    let name = maker.state.name(id);
    let renamed = maker.state.objects.values().any(|o| o.was.as_deref() == Some(&name));
    maker.state.remove(id);
    let last = maker.state.next;
    if section == "tables" {
        maker.view();
    } else {
        _ = maker.table();
    }
    let new = maker
        .state
        .objects
        .iter()
        .find(|(i, o)| **i > last && matches!(o.section, "tables" | "views" | "materialized_views"));
    let Some(new) = new.map(|(i, _)| *i) else { return };
    if renamed {
        return;
    }
    let object = maker.state.objects.get_mut(&new).expect("it is there");
    object.name = Name::Own(name);
    object.parent = parent;
}

/// An option is taken away.
fn drop_field(maker: &mut Maker<'_>) {
    let keys = [
        "comment",
        "default",
        "not_null",
        "rls",
        "where",
        "identity",
        "when",
        "on_delete",
        "unique",
        "grants",
        "checks",
    ];
    let has = |s: &State, id: Id| {
        s.objects[&id].parent.is_some() && keys.iter().any(|k| s.objects[&id].fields.contains_key(k))
    };
    let Some(id) = any(maker, has) else { return };
    let object = maker.state.objects.get_mut(&id).expect("it is there");
    let there: Vec<&'static str> = keys.iter().copied().filter(|k| object.fields.contains_key(k)).collect();
    let key = *maker.rng.pick(&there);
    object.fields.remove(key);
}

/// Rows for the tables of a state; what does not fit is left out.
pub fn rows(state: &State) -> String {
    let mut out = String::new();
    for table in [state.of("tables"), state.of("partitioned")].concat() {
        let fed: Vec<Id> = state
            .under(table, "columns")
            .into_iter()
            .filter(|c| !state.objects[c].fields.contains_key("generated"))
            .filter(|c| state.objects[c].fields.get("identity").is_none_or(|i| i != "always"))
            .collect();
        for row in 1..4 {
            let names: Vec<String> = fed.iter().map(|c| state.reference(*c)).collect();
            let values: Vec<String> = fed.iter().map(|c| value(state, *c, row)).collect();
            let insert = match fed.len() {
                0 => format!("insert into {} default values", state.reference(table)),
                _ => format!(
                    "insert into {} ({}) values ({})",
                    state.reference(table),
                    names.join(", "),
                    values.join(", ")
                ),
            };
            // A constraint that waits for the commit would fail there.
            out += &format!(
                "do $seed$ begin set constraints all immediate; {insert}; exception when others then null; end $seed$;\n"
            );
        }
    }
    out
}

fn value(state: &State, column: Id, row: usize) -> String {
    let object = &state.objects[&column];
    let kind = object.fields["type"].as_str().unwrap_or_default();
    match object.class {
        Class::Number => row.to_string(),
        Class::Text => format!("'{}'", ["a", "b", "c"][row - 1]),
        Class::Time => format!("'2021-01-0{row}'"),
        Class::Bool => "true".to_owned(),
        Class::Json => format!("'{{\"a\": {row}}}'"),
        Class::Array => format!("'{{{row}}}'"),
        Class::Enum => format!("(enum_range(null::{}))[1]", state.fill(kind)),
        Class::None => "default".to_owned(),
    }
}
