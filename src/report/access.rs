//! Shows how a plan changes who may do what, as text and as JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::model::Address;
use crate::model::access::{Access, AccessChange, Cause, EVERYBODY, Rows, Way};

/// The largest number of names in a line.
const NAMES: usize = 5;

/// Returns a line for each change: its sign (`+`, `-` or `~`) and its text.
pub fn lines(changes: &[AccessChange]) -> Vec<(char, String)> {
    changes.iter().map(line).collect()
}

/// Returns the changes as a JSON array.
pub fn changes(changes: &[AccessChange]) -> Value {
    changes.iter().map(change).collect()
}

fn line(change: &AccessChange) -> (char, String) {
    let who = roles(&change.roles);
    let one = change.roles.len() == 1;
    let verb = |one_of: &'static str, many: &'static str| if one { one_of } else { many };
    let sign = |gained: bool| if gained { '+' } else { '-' };
    match &change.what {
        Access::Everything { gained: true } => {
            ('+', format!("{who} {} superuser: any access", verb("becomes", "become")))
        }
        Access::Everything { gained: false } => ('-', format!("{who} {} no longer superuser", verb("is", "are"))),
        Access::EveryRow { gained } => {
            let bound = if *gained { "no longer bound" } else { "bound" };
            (sign(*gained), format!("{who} {} {bound} by row security", verb("is", "are")))
        }
        Access::Role { gained, role } => {
            let may = if *gained { "may become" } else { "may no longer become" };
            (sign(*gained), format!("{who} {may} `{role}` by `set role`"))
        }
        Access::Privileges { gained, privileges, things, on, way, barrier } => {
            let verb = if *gained { verb("gains", "gain") } else { verb("loses", "lose") };
            let mut text = format!("{who} {verb} {} on {}", privileges.join(", "), names(on, things));
            if let Some(by) = by(way).filter(|_| who != "everybody") {
                let _ = write!(text, ", {by}");
            }
            if let Some(space) = barrier {
                let end = if *gained { "it gets" } else { "it has no longer" };
                let _ = write!(text, ": {end} `usage` on {space}");
            }
            (sign(*gained), text)
        }
        Access::Rows { on, before: _, after: None } => {
            ('+', format!("{who} {} every row of {}", verb("sees", "see"), names(on, "tables")))
        }
        Access::Rows { on, before: _, after: Some(rows) } => {
            let seen = format!("{who} {} rows of {} as policies let through", verb("sees", "see"), names(on, "tables"));
            ('~', format!("{seen}: {}", policies(rows)))
        }
    }
}

/// Lists roles: `` `app`, `web` and 3 more ``.
fn roles(roles: &[String]) -> String {
    if roles == [EVERYBODY] {
        return "everybody".to_owned();
    }
    list(roles.iter().map(|role| format!("`{role}`")))
}

/// Lists things: ``table `shop.orders` ``, or ``tables `shop.a`, `shop.b` ``.
fn names(on: &[Address], things: &str) -> String {
    match on {
        [one] => one.to_string(),
        many => {
            let names = list(many.iter().map(|at| format!("`{}`", at.path().join("."))));
            format!("{} {names}", things.replace('_', " "))
        }
    }
}

/// Lists names. Of a long list, the last ones are only counted.
fn list(names: impl ExactSizeIterator<Item = String>) -> String {
    let count = names.len();
    let shown = if count > NAMES { NAMES - 1 } else { count };
    let first: Vec<String> = names.take(shown).collect();
    match count - shown {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// Describes how a privilege is held. Returns `None` if it was granted to the role itself.
pub fn by(way: &Way) -> Option<String> {
    let path: Vec<String> = way.path.iter().map(|role| format!("`{role}`")).collect();
    let path = path.join(" → ");
    match (way.cause, path.is_empty()) {
        (Cause::Superuser, _) => Some("as superuser".to_owned()),
        (Cause::Everybody, _) => Some("as everybody".to_owned()),
        (Cause::Owner, true) => Some("as owner".to_owned()),
        (Cause::Owner, false) => Some(format!("by way of {path}, the owner")),
        (Cause::Grant, true) => None,
        (Cause::Grant | Cause::Predefined, _) => Some(format!("by way of {path}")),
    }
}

/// Lists policies by command: `` select `tenant`; insert none ``.
pub fn policies(rows: &Rows) -> String {
    let of = |(command, policies): (&&str, &Vec<String>)| {
        let list = list(policies.iter().map(|name| format!("`{name}`")));
        format!("{command} {}", if policies.is_empty() { "none" } else { &list })
    };
    rows.iter().map(of).collect::<Vec<_>>().join("; ")
}

fn change(change: &AccessChange) -> Value {
    let roles = &change.roles;
    match &change.what {
        Access::Everything { gained } => json!({ "roles": roles, "what": "everything", "gained": gained }),
        Access::EveryRow { gained } => json!({ "roles": roles, "what": "every_row", "gained": gained }),
        Access::Role { gained, role } => json!({ "roles": roles, "what": "set_role", "gained": gained, "role": role }),
        Access::Privileges { gained, privileges, things: _, on, way, barrier } => json!({
            "roles": roles, "what": "privileges", "gained": gained, "privileges": privileges, "on": things(on),
            "cause": way.cause, "path": way.path, "usage_of": barrier.as_ref().map(Address::key),
        }),
        Access::Rows { on, before, after } => {
            json!({ "roles": roles, "what": "rows", "on": things(on), "before": before, "after": after })
        }
    }
}

fn things(on: &[Address]) -> Value {
    on.iter().map(thing).collect()
}

/// Returns a thing's kind and name as JSON, as in plans.
pub fn thing(at: &Address) -> Value {
    json!({ "kind": at.kind().0, "name": at.path().join(".") })
}
