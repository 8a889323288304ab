//! `fmt`: whatever a project looks like, what it declares and its comments stay.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use dbstate::declare::project::{Reading, read};
use dbstate::declare::yaml;
use dbstate::diagnostic::{Diagnostics, Sources};
use dbstate::kinds::register;
use dbstate::model::node::{Node, Value};
use dbstate::model::{Address, KindName, State};

use crate::support::binary::dbstate;

#[test]
fn every_case_declares_the_same_when_formatted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> = vec![root.join("schema.yaml"), root.join("tests/every_kind/schema.yaml")];
    yaml_files(&root.join("tests/cases"), &mut files);
    assert!(files.len() > 150, "{}", files.len());
    for path in files {
        let text = fs::read_to_string(&path).expect("a file");
        let Some(declared) = declared(&text) else { continue };
        for text in [text.clone(), commented(&text), text.replace('\n', "\r\n")] {
            let (once, problems) = formatted(&text);
            assert!(problems.is_empty(), "{}: {problems:?}\n{text}", path.display());
            assert_eq!(formatted(&once).0, once, "{}: formatted twice", path.display());
            assert_eq!(declared, self::declared(&once).expect("valid"), "{}:\n{once}", path.display());
        }
    }
}

/// The text with a comment and an empty line above, and a comment beside whatever has a line of its own.
fn commented(text: &str) -> String {
    let mut problems = Diagnostics::default();
    let file = Sources::default().add("a.yaml", text);
    let root = yaml::parse(file, text, &mut problems).expect("valid");
    let mut places = Vec::new();
    keys(&root, &mut places);
    places.sort_unstable();
    places.dedup();
    let mut out = text.to_owned();
    for (n, (start, end)) in places.into_iter().enumerate().rev() {
        let line = text[..start].rfind('\n').map_or(0, |i| i + 1);
        let rest = text[end..].find('\n').map_or(text.len(), |i| end + i);
        if text[end..rest].trim().is_empty() && n % 3 != 0 {
            out.insert_str(rest, &format!("  # beside {n}"));
        }
        if text[line..start].trim().is_empty() {
            let blank = if n % 2 == 0 { "\n" } else { "" };
            out.insert_str(line, &format!("{blank}{}# above {n}\n", &text[line..start]));
        }
    }
    out
}

/// Where keys start and scalars of one line end.
fn keys(node: &Node, out: &mut Vec<(usize, usize)>) {
    match &node.value {
        Value::Map(entries) => {
            for (key, value) in entries {
                let place = key.span.expect("parsed");
                let one_line = |n: &Node| n.as_text().is_some_and(|t| !t.contains('\n')) && n.span.is_some();
                let end = if one_line(value) { value.span.expect("parsed").end } else { place.end };
                out.push((place.start as usize, end as usize));
                keys(value, out);
            }
        }
        Value::List(items) => items.iter().for_each(|item| keys(item, out)),
        Value::Null | Value::Scalar(_) => {}
    }
}

fn formatted(text: &str) -> (String, Diagnostics) {
    let (formatted, _, problems) = dbstate::ops::format::text(text);
    (formatted.unwrap_or_default(), problems)
}

type Declared = BTreeMap<Address, String>;

/// What a text declares, each object with the one before it among its siblings of a kind; `None` where it is invalid.
fn declared(text: &str) -> Option<Declared> {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("schema.yaml"), text).expect("written");
    let (project, problems) = read(&[], dir.path(), &Reading::default(), register());
    problems.is_empty().then(|| objects(&project.state))
}

fn objects(state: &State) -> Declared {
    let mut before: BTreeMap<(Option<Address>, KindName), Address> = BTreeMap::new();
    let mut siblings: Vec<_> = state.iter().collect();
    siblings.sort_by_key(|(_, object)| object.ordinal);
    siblings
        .into_iter()
        .map(|(at, object)| {
            let last = before.insert((at.parent().cloned(), at.kind()), at.clone());
            (at.clone(), format!("{:?} {:?} {} after {last:?}", object.spec, object.was(), object.is_protected()))
        })
        .collect()
}

fn yaml_files(dir: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(dir).expect("a directory").flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            yaml_files(&path, out);
        } else if path.file_name().is_some_and(|n| n == "before.yaml" || n == "after.yaml") {
            out.push(path);
        }
    }
}

#[test]
fn the_command_writes_checks_and_leaves_alone_what_is_invalid() {
    let dir = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).expect("written");
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).expect("a file");
    write("dbstate.yaml", "files: [ db ] # where\n");
    fs::create_dir(dir.path().join("db")).expect("a directory");
    write("db/a.yaml", "schemas:   {shop: {}}   # shop\n");
    write("db/b.yaml", "roles: {}\n");
    let check = dbstate(["fmt", "--check"], dir.path());
    assert_eq!((check.code, check.stdout.as_str()), (Some(1), "dbstate.yaml\ndb/a.yaml\n"), "{}", check.stderr);
    assert_eq!(read("db/a.yaml"), "schemas:   {shop: {}}   # shop\n");
    let done = dbstate(["fmt"], dir.path());
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), "formatted dbstate.yaml\nformatted db/a.yaml\n"));
    assert_eq!(read("db/a.yaml"), "schemas: # shop\n  shop: {}\n");
    assert_eq!(read("dbstate.yaml"), "files: [db] # where\n");
    assert_eq!(dbstate(["fmt", "--check"], dir.path()).code, Some(0));
    write("db/b.yaml", "roles: {\n");
    write("db/a.yaml", "schemas:   {}\n");
    let broken = dbstate(["fmt", "db/b.yaml", "db/a.yaml"], dir.path());
    assert_eq!(broken.code, Some(1));
    assert!(broken.stderr.contains("db/b.yaml:1:8"), "{}", broken.stderr);
    assert_eq!((read("db/b.yaml").as_str(), read("db/a.yaml").as_str()), ("roles: {\n", "schemas: {}\n"));
}
