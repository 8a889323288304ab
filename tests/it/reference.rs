//! `docs/kinds`: a page a kind, made from its source, its schema, its rules and its cases. `DBSTATE_BLESS=1` writes them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use dbstate::declare::json_schema;
use dbstate::declare::project::{Project, Reading, read};
use dbstate::kind::{Entry, Form, Under};
use dbstate::kinds::register;
use dbstate::model::Lock;
use dbstate::ops::Options;
use dbstate::ops::diff::{Side, diff};
use dbstate::plan::Planned;
use dbstate::report::text::lock as lock_name;
use serde_json::Value as Json;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_kind_has_its_page() {
    let schema = json_schema::project(register());
    let cases = cases();
    let mut pages = BTreeMap::from([("docs/README.md".to_owned(), index())]);
    for entry in register() {
        pages.insert(format!("docs/kinds/{}.md", entry.name.0), page(entry, &schema, &cases));
    }
    if std::env::var_os("DBSTATE_BLESS").is_some() {
        _ = fs::remove_dir_all(root().join("docs/kinds"));
        fs::create_dir_all(root().join("docs/kinds")).expect("a directory");
        for (name, text) in &pages {
            fs::write(root().join(name), text).expect("written");
        }
    }
    let stale = |(name, text): &(&String, &String)| fs::read_to_string(root().join(name)).ok().as_ref() != Some(*text);
    let stale: Vec<&String> = pages.iter().filter(stale).map(|(name, _)| name).collect();
    assert!(stale.is_empty(), "written anew by `DBSTATE_BLESS=1 cargo test --test it reference::`: {stale:?}");
    let there = fs::read_dir(root().join("docs/kinds")).expect("pages").count();
    assert_eq!(there, register().len(), "docs/kinds has pages of kinds that are not");
}

fn index() -> String {
    let mut out = "# Reference

- [Examples](../examples/README.md): small projects, each for one thing
- [Settings](settings.md): `dbstate.yaml`, environments and variables
- [What is made of PostgreSQL's catalogs](catalogs.md): the key that holds each column of each catalog, version by version
- [Pull requests, deploys and nightly drift](ci.md) on GitHub and GitLab
- [In an editor](editors.md): the language server, and the JSON Schema
- [Many databases](fleet.md): one project for a list of them, or for those that a query names
- The formats in JSON: [a plan](plan.schema.json), [those of many databases](fleet.schema.json),
  [a saved plan](saved-plan.schema.json), [the history](history.schema.json), [who may do what](access.schema.json), and
  [what `validate` finds](findings.schema.json)
- `dbstate schema`: the YAML as JSON Schema, for editors
- `dbstate explain`: every error code and class of hazard

## Kinds

Where a kind stands in the YAML, its keys, and what a change of it does. The pages are made from the code.

| kind | key | is |
|---|---|---|
"
    .to_owned();
    for entry in register() {
        let name = entry.name.0;
        let (what, _) = module_doc(entry);
        let keys: Vec<String> = entry.homes.iter().map(|h| format!("`{}`", h.key)).collect();
        let mut keys = keys;
        keys.dedup();
        out.push_str(&format!("| [{}](kinds/{name}.md) | {} | {} |\n", entry.name, keys.join(", "), first(&what)));
    }
    out
}

fn page(entry: &Entry, schema: &Json, cases: &[Case]) -> String {
    let (what, more) = module_doc(entry);
    let mut out = format!("# {}\n\n{what}\n", entry.name);
    if !more.is_empty() {
        out.push_str(&format!("\n{more}\n"));
    }
    out.push_str(&format!("\n## Where it stands\n\n{}", homes(entry)));
    if let Some(kind) = schema["$defs"].get(entry.name.0) {
        out.push_str(&keys(entry, kind));
    }
    out.push_str(&format!("\n## Rules\n\n{}", rules(entry)));
    let own: Vec<&Case> = cases.iter().filter(|c| c.kind == entry.name.0).collect();
    let holds = |c: &Case| c.after.as_ref().is_some_and(|p| !p.state.of_kind(entry.name).is_empty());
    let example = own
        .iter()
        .copied()
        .find(|c| holds(c))
        .or_else(|| cases.iter().filter(|c| holds(c)).min_by_key(|c| c.text.len()));
    if let Some(case) = example {
        let shown = dbstate::ops::format::text(&case.text).0.unwrap_or_else(|| case.text.clone());
        out.push_str(&format!(
            "\n## Example\n\nFrom the case `{}/{}`.\n\n```yaml\n{}\n```\n",
            case.kind,
            case.name,
            shown.trim_end()
        ));
    }
    let changes: String = own.iter().map(|case| change(case)).collect();
    if !changes.is_empty() {
        out.push_str("\n## What a change does\n\nAs the cases in `tests/cases` have it: each is applied to a real server, there and back.\n");
        out.push_str(&changes);
    }
    out
}

/// The first paragraph of a kind's source, and the rest.
fn module_doc(entry: &Entry) -> (String, String) {
    let base = root().join("src/kinds");
    let source = [base.join(format!("{}.rs", entry.name.0)), base.join(entry.name.0).join("mod.rs")];
    let text = source.iter().find_map(|path| fs::read_to_string(path).ok()).expect("a kind has a source");
    let doc: Vec<&str> =
        text.lines().map_while(|l| l.strip_prefix("//!")).map(|l| l.strip_prefix(' ').unwrap_or(l)).collect();
    let doc = doc.join("\n");
    let (first, rest) = doc.split_once("\n\n").unwrap_or((&doc, ""));
    let plain = |text: &str| text.replace("[`", "`").replace("`]", "`").trim().to_owned();
    (plain(first), plain(rest))
}

/// The first sentence on one line.
fn first(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.split(". See <").next().unwrap_or(&line).trim_end_matches('.').to_owned()
}

fn homes(entry: &Entry) -> String {
    let mut out = String::new();
    for home in entry.homes {
        let link = |kind: &str| format!("[{}]({kind}.md)", kind.replace('_', " "));
        let under = match home.under {
            Under::Root => "at the top of a file".to_owned(),
            Under::Kinds(kinds) => format!("under {}", kinds.iter().map(|k| link(k.0)).collect::<Vec<_>>().join(", ")),
            Under::Owned => "under everything that has an owner".to_owned(),
            Under::Commented => "under everything that may have a comment".to_owned(),
            Under::Granted => "under everything that has privileges".to_owned(),
        };
        let form = match home.form {
            Form::Map => "a map from names",
            Form::One => "one value",
            Form::List(_) => "a list",
            Form::Free => "a form of its own, see the example",
        };
        out.push_str(&format!("- `{}:` {under}: {form}\n", home.key));
    }
    out
}

fn keys(entry: &Entry, kind: &Json) -> String {
    let forms = kind["anyOf"].as_array();
    let long = forms.and_then(|forms| forms.last()).unwrap_or(kind);
    let required: Vec<&str> = long["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    let mut out = String::from("\n## Keys\n\n");
    if let Some(field) = entry.rules.short_field {
        out.push_str(&format!("The value of `{field}` alone is the short form.\n\n"));
    } else if (entry.reads_text)() {
        out.push_str("One line of SQL is the short form.\n\n");
    }
    out.push_str("| key | takes | is |\n|---|---|---|\n");
    for (key, value) in long["properties"].as_object().into_iter().flatten() {
        let what = match value.get("$ref").or_else(|| value["additionalProperties"].get("$ref")).and_then(Json::as_str)
        {
            Some(reference) => {
                let name = reference.rsplit('/').next().unwrap_or_default();
                format!("see [{}]({name}.md)", name.replace('_', " "))
            }
            None => value["description"].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" "),
        };
        let must = if required.contains(&key.as_str()) { ", required" } else { "" };
        let default =
            value.get("default").filter(|d| !d.is_null()).map_or(String::new(), |d| format!(", default `{d}`"));
        out.push_str(&format!("| `{key}` | {}{must}{default} | {} |\n", takes(value), what.replace('|', "\\|")));
    }
    out
}

/// What a value is, in words.
fn takes(value: &Json) -> String {
    let words = |list: &Json| -> Option<String> {
        let words: Vec<String> = list
            .as_array()?
            .iter()
            .map(|w| format!("`{}`", w.as_str().map_or_else(|| w.to_string(), str::to_owned)))
            .collect();
        Some(words.join(", "))
    };
    if let Some(words) = value.get("enum").and_then(words) {
        return words;
    }
    if let Some(word) = value.get("const").and_then(Json::as_str) {
        return format!("`{word}`");
    }
    if let Some(forms) = value.get("anyOf").or_else(|| value.get("oneOf")).and_then(Json::as_array) {
        let mut kinds: Vec<String> = forms.iter().map(takes).filter(|t| t != "nothing").collect();
        kinds.dedup();
        return kinds.join(" or ");
    }
    if value.get("$ref").is_some() {
        return "as there".to_owned();
    }
    let types: Vec<&str> = match &value["type"] {
        Json::String(name) => vec![name],
        Json::Array(names) => names.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    };
    match types.as_slice() {
        types if types.contains(&"string") => "text".to_owned(),
        types if types.contains(&"boolean") => "`true` or `false`".to_owned(),
        types if types.contains(&"integer") || types.contains(&"number") => "a number".to_owned(),
        types if types.contains(&"array") => "a list".to_owned(),
        types if types.contains(&"object") => "a map".to_owned(),
        ["null"] => "nothing".to_owned(),
        _ => "a value".to_owned(),
    }
}

fn rules(entry: &Entry) -> String {
    let rules = &entry.rules;
    let mut list = Vec::new();
    if entry.homes.iter().any(|h| matches!(h.form, Form::Map | Form::List(_))) {
        list.push(if rules.renames {
            "`was:` renames it in place."
        } else {
            "It can't be renamed: `was:` is refused, or drops it and makes it again."
        });
    }
    list.push(if rules.rebuildable {
        "Where it must be replaced, it is dropped and made again, with what stands on it."
    } else {
        "It is never dropped to be made again: what can't be altered in place is refused."
    });
    if rules.owner {
        list.push("It has an owner.");
    }
    if rules.comment {
        list.push("It may have a comment.");
    }
    if rules.visible {
        list.push("Clients see it: dropping or renaming it is a hazard of class `breaking`.");
    }
    if rules.last {
        list.push("It is made after everything else.");
    }
    let mut out: String = list.into_iter().map(|line| format!("- {line}\n")).collect();
    if let Some(privileges) = &rules.privileges {
        let all: Vec<String> = privileges.all.iter().map(|(name, _)| format!("`{name}`")).collect();
        out.push_str(&format!(
            "- Its privileges, under `grants:` or `{}:` of a role's: {}.\n",
            privileges.plural,
            all.join(", ")
        ));
    }
    if let Some(field) = rules.file {
        out.push_str(&format!("- `file:` names a file that holds `{field}`.\n"));
    }
    out
}

/// A case, with what leads from one end to the other where no server is asked.
struct Case {
    kind: String,
    name: String,
    text: String,
    sql: String,
    after: Option<Project>,
    planned: Option<Planned>,
}

fn cases() -> Vec<Case> {
    let mut dirs: Vec<PathBuf> = Vec::new();
    for kind in sorted(&root().join("tests/cases")) {
        dirs.extend(sorted(&kind));
    }
    dirs.iter().filter_map(|dir| case(dir)).collect()
}

fn sorted(dir: &Path) -> Vec<PathBuf> {
    let mut list: Vec<PathBuf> = fs::read_dir(dir).expect("a directory").flatten().map(|e| e.path()).collect();
    list.sort();
    list
}

fn case(dir: &Path) -> Option<Case> {
    let word = |path: &Path| path.file_name().map(|n| n.to_string_lossy().into_owned());
    let text = fs::read_to_string(dir.join("after.yaml")).ok()?;
    let project = |name: &str| {
        let (project, problems) = read(&[dir.join(name)], dir, &Reading::default(), register());
        problems.is_empty().then_some(project)
    };
    let (before, after) = (project("before.yaml"), project("after.yaml"));
    let planned = before.zip(after.as_ref()).and_then(|(before, after)| {
        let options = Options::new(&after.settings, None).ok()?;
        let runtime = tokio::runtime::Builder::new_current_thread().build().ok()?;
        runtime.block_on(diff(Side::Project(&before), Side::Project(after), &options)).ok()
    });
    let sql = fs::read_to_string(dir.join("plan.sql")).unwrap_or_default();
    Some(Case { kind: word(dir.parent()?)?, name: word(dir)?, text, sql, after, planned })
}

/// The statements of a case, with the lock of each where it takes one.
fn change(case: &Case) -> String {
    let locks: BTreeMap<&str, Lock> =
        case.planned.iter().flat_map(|p| &p.plan.steps).map(|s| (s.sql.as_str(), s.lock)).collect();
    let mut body = String::new();
    let frame = ["set search_path = '';", "set check_function_bodies = off;", "begin;", "commit;"];
    for line in case.sql.lines().filter(|l| !frame.contains(l)) {
        if let Some(lock) = locks.get(line.trim_end_matches(';')).filter(|lock| **lock != Lock::None) {
            body.push_str(&format!("-- lock {}\n", lock_name(*lock)));
        }
        body.push_str(&format!("{line}\n"));
    }
    if body.is_empty() {
        String::new()
    } else {
        format!("\n### {}\n\n```sql\n{body}```\n", case.name.replace('_', " "))
    }
}
