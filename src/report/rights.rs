//! Shows who may do what at present, as text and as JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use super::access::{by, policies, thing};
use crate::access::{OfRole, OfThing, Reach};
use crate::model::Address;
use crate::model::access::{Cause, EVERYBODY, Right, Rights, Way};

/// The version of the JSON format. It is increased when readers would have to change.
const VERSION: u32 = 1;

/// The widest name that others are aligned with.
const WIDEST: usize = 48;

/// Returns text with a block for each role or thing, and a line for each item in it.
pub fn text(role: Option<&OfRole>, things: &[OfThing]) -> String {
    let blocks = role.map(role_text).into_iter().chain(things.iter().map(thing_text));
    blocks.collect::<Vec<_>>().join("\n")
}

/// Returns JSON.
pub fn json(role: Option<&OfRole>, things: &[OfThing]) -> String {
    let roles: Vec<Value> = role.iter().map(|of| role_json(of)).collect();
    let things: Vec<Value> = things.iter().map(thing_json).collect();
    let value = json!({ "version": VERSION, "roles": roles, "things": things });
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

fn role_text(of: &OfRole) -> String {
    let mut out = format!("{}\n", name(&of.reach.role));
    if of.reach.superuser {
        out += "  superuser: may do everything\n";
        return out;
    }
    if of.reach.bypass_rls {
        out += "  is not bound by row security\n";
    }
    for (title, list) in [
        ("has what is granted to", of.reach.groups().collect::<Vec<_>>()),
        ("may become", of.reach.only_becomes().collect()),
    ] {
        let list: Vec<String> = list.into_iter().map(|(role, path)| member(role, path)).collect();
        if !list.is_empty() {
            let _ = writeln!(out, "  {title}: {}", list.join(", "));
        }
    }
    let (found, hidden): (Vec<_>, Vec<_>) = of.things.iter().partition(|(_, rights)| rights.barrier.is_none());
    let lines = |things: &[&(Address, Rights)]| {
        let lines = things.iter().map(|(at, rights)| (at.to_string(), rights));
        table(&lines.collect::<Vec<_>>(), false)
    };
    let _ = write!(out, "{}", lines(&found));
    if !hidden.is_empty() {
        let _ = write!(out, "  out of reach, for lack of `usage` on their schemas:\n{}", lines(&hidden));
    }
    if of.things.is_empty() {
        out += "  may do nothing here\n";
    }
    out
}

/// `` `writer` by way of `reader` ``.
fn member(role: &str, path: &[String]) -> String {
    let between: Vec<String> = path.iter().filter(|p| *p != role).map(|p| format!("`{p}`")).collect();
    if between.is_empty() { format!("`{role}`") } else { format!("`{role}` (by way of {})", between.join(" → ")) }
}

fn thing_text(of: &OfThing) -> String {
    let mut out = of.at.to_string();
    if let Some(owner) = &of.owner {
        let _ = write!(out, ", of `{owner}`");
    }
    out.push('\n');
    out += &roles_table(of);
    for part in &of.parts {
        let _ = write!(out, "  {}\n{}", part.at, roles_table(part).replace("\n  ", "\n    ").replacen("  ", "    ", 1));
    }
    if of.roles.is_empty() && of.parts.is_empty() {
        out += "  nobody but superusers\n";
    }
    if !of.superusers.is_empty() {
        let names: Vec<String> = of.superusers.iter().map(|role| format!("`{role}`")).collect();
        let _ = writeln!(out, "  superusers may do everything: {}", names.join(", "));
    }
    out
}

fn roles_table(of: &OfThing) -> String {
    let lines: Vec<(String, &Rights)> = of.roles.iter().map(|(reach, rights)| (name(&reach.role), rights)).collect();
    table(&lines, true)
}

fn name(role: &str) -> String {
    if role == EVERYBODY { plain_name(role).to_owned() } else { format!("`{role}`") }
}

/// Returns a role's name for people.
pub fn plain_name(role: &str) -> &str {
    if role == EVERYBODY { "everybody (PUBLIC)" } else { role }
}

/// Returns a line for each name with what may be done and, if `with_barrier`, the schema that prevents it.
fn table(lines: &[(String, &Rights)], with_barrier: bool) -> String {
    let widths = lines.iter().map(|(name, _)| name.chars().count());
    let width = widths.filter(|width| *width <= WIDEST).max().unwrap_or_default();
    let mut out = String::new();
    for (name, rights) in lines {
        let _ = writeln!(out, "  {name:width$}  {}", words(rights));
        if let Some(rows) = &rights.rows {
            let _ = writeln!(out, "  {:width$}  rows as policies let through: {}", "", policies(rows));
        }
        if let Some(space) = rights.barrier.as_ref().filter(|_| with_barrier) {
            let _ = writeln!(out, "  {:width$}  but has no `usage` on {space}", "");
        }
    }
    out
}

/// Returns `` insert, update; select by way of `reader` ``: privileges that are held in the same ways are combined.
pub fn words(rights: &Rights) -> String {
    let mut groups: Vec<(&[Way], bool, Vec<&str>)> = Vec::new();
    for Right { privilege, grantable, ways } in &rights.list {
        match groups.iter_mut().find(|(others, option, _)| *others == ways && option == grantable) {
            Some((_, _, list)) => list.push(privilege),
            None => groups.push((ways, *grantable, vec![privilege])),
        }
    }
    let group = |(ways, grantable, list): (&[Way], bool, Vec<&str>)| {
        let owns = ways.iter().any(|way| matches!(way.cause, Cause::Owner | Cause::Superuser));
        let option = if grantable && !owns { " with grant option" } else { "" };
        let ways: Vec<String> = ways.iter().map(|way| by(way).unwrap_or_else(|| "granted".to_owned())).collect();
        let plain = ways == ["granted"];
        format!("{}{option}{}", list.join(", "), if plain { String::new() } else { format!(" {}", ways.join(" and ")) })
    };
    groups.into_iter().map(group).collect::<Vec<_>>().join("; ")
}

fn role_json(of: &OfRole) -> Value {
    let Reach { role: name, superuser, bypass_rls, .. } = &of.reach;
    let list = |groups: Vec<(&str, &[String])>| {
        groups.into_iter().map(|(group, path)| json!({ "name": group, "path": path })).collect::<Vec<_>>()
    };
    let things: Vec<Value> = of.things.iter().map(|(at, rights)| with_rights(thing(at), rights)).collect();
    json!({
        "name": name, "superuser": superuser, "bypass_rls": bypass_rls,
        "has": list(of.reach.groups().collect()), "may_become": list(of.reach.only_becomes().collect()), "things": things,
    })
}

fn thing_json(of: &OfThing) -> Value {
    let role = |(reach, rights): &(Reach, Rights)| with_rights(json!({ "name": reach.role }), rights);
    let roles: Vec<Value> = of.roles.iter().map(role).collect();
    let parts: Vec<Value> = of.parts.iter().map(thing_json).collect();
    json!({
        "kind": of.at.kind().0, "name": of.at.path().join("."), "owner": of.owner, "roles": roles,
        "superusers": of.superusers, "parts": parts,
    })
}

fn with_rights(mut value: Value, rights: &Rights) -> Value {
    value["privileges"] = json!(rights.list);
    value["lacks_usage_of"] = json!(rights.barrier.as_ref().map(Address::key));
    value["rows"] = json!(rights.rows);
    value
}
