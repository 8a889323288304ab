//! `diff`: any two of projects, git revisions and databases.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::binary::{Output, dbstate, dbstate_with};
use crate::support::database::Database;

const OLD: &str = "schemas:\n  shop:\n    tables:\n      t:\n        columns: { id: bigint }\n";
const NEW: &str = "schemas:\n  shop:\n    tables:\n      t:\n        columns: { id: bigint, note: text }\n";
const ADDED: &str = "alter table shop.t add column note text;\n";
const DROPPED: &str = "alter table shop.t drop column note;\n";

fn sql(args: &[&str], dir: &Path) -> String {
    let output = diff(args, dir, 2);
    let sql = |line: &&str| ["alter ", "drop ", "create "].iter().any(|word| line.starts_with(word));
    output.stdout.lines().filter(sql).map(|l| format!("{l}\n")).collect()
}

#[track_caller]
fn diff(args: &[&str], dir: &Path, code: i32) -> Output {
    let args: Vec<&str> = ["diff", "--exit-code", "--format", "sql"].iter().chain(args).copied().collect();
    let output = dbstate(args, dir);
    assert_eq!(output.code, Some(code), "{}{}", output.stdout, output.stderr);
    output
}

fn files() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    for (name, text) in [("old.yaml", OLD), ("new.yaml", NEW)] {
        fs::write(dir.path().join(name), text).expect("written");
    }
    dir
}

#[test]
fn two_projects_without_a_server() {
    let dir = files();
    assert_eq!(sql(&["old.yaml", "new.yaml"], dir.path()), ADDED);
    assert_eq!(sql(&["new.yaml", "old.yaml"], dir.path()), DROPPED);
    let same = diff(&["new.yaml", "new.yaml"], dir.path(), 0);
    assert_eq!((same.stdout.as_str(), same.stderr.as_str()), ("", ""));
    let text = dbstate(["diff", "old.yaml", "new.yaml"], dir.path());
    assert!(text.stdout.contains("Plan: 1 to add"), "{}", text.stdout);
    let json: serde_json::Value =
        serde_json::from_str(&dbstate(["diff", "old.yaml", "new.yaml", "--format", "json"], dir.path()).stdout)
            .expect("JSON");
    assert_eq!(json["changes"][0]["name"], "shop.t.note");
}

#[test]
fn a_saved_plan_stands_for_the_project_that_it_was_made_from() {
    let dir = files();
    let database = Database::create();
    let url = database.url();
    let saved = dbstate(["plan", "-f", "new.yaml", "--out", "a.plan", "-d", &url], dir.path());
    assert_eq!(saved.code, Some(0), "{}", saved.stderr);
    fs::remove_file(dir.path().join("new.yaml")).expect("it was there");
    assert_eq!(sql(&["old.yaml", "a.plan"], dir.path()), ADDED);
    assert_eq!(sql(&["a.plan", "old.yaml"], dir.path()), DROPPED);
    assert!(sql(&[&url, "a.plan"], dir.path()).starts_with("create schema shop"));
    let other =
        fs::read_to_string(dir.path().join("a.plan")).expect("a file").replace("\"format\": 1", "\"format\": 0");
    fs::write(dir.path().join("b.plan"), other).expect("written");
    let refused = dbstate(["diff", "b.plan", "old.yaml"], dir.path());
    assert!(refused.stderr.contains("make the plan again"), "{}", refused.stderr);
}

#[test]
fn databases_and_projects_in_either_order() {
    let dir = files();
    let (one, other) = (Database::create(), Database::create());
    one.psql("create schema shop; create table shop.t (id bigint)");
    other.psql("create schema shop; create table shop.t (id bigint, note text)");
    assert_eq!(sql(&[&one.url(), "new.yaml"], dir.path()), ADDED);
    assert_eq!(sql(&["new.yaml", &one.url()], dir.path()), DROPPED);
    assert_eq!(sql(&[&one.url(), &other.url()], dir.path()), ADDED);
    diff(&[&other.url(), "new.yaml"], dir.path(), 0);
    diff(&["new.yaml", &other.url()], dir.path(), 0);
    diff(&[&one.url(), &one.url()], dir.path(), 0);
}

#[test]
fn revisions_of_git() {
    let dir = tempfile::tempdir().expect("a directory");
    let git = |args: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"];
        let output = Command::new("git").current_dir(dir.path()).args(identity).args(args).output().expect("git");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let write = |name: &str, text: &str| {
        fs::create_dir_all(dir.path().join("db/sql")).expect("a directory");
        fs::write(dir.path().join("db").join(name), text).expect("written");
    };
    git(&["init", "-q"]);
    write("schema.yaml", OLD);
    git(&["add", "."]);
    git(&["commit", "-qm", "old"]);
    write("sql/f.sql", "select 1");
    write(
        "schema.yaml",
        &format!("{NEW}    functions:\n      f(): {{ returns: int, language: sql, file: sql/f.sql }}\n"),
    );
    git(&["add", "."]);
    git(&["commit", "-qm", "new"]);
    let here = dir.path().join("db");
    assert!(sql(&["HEAD~1..HEAD"], &here).contains(ADDED));
    assert!(sql(&["HEAD", "HEAD~1"], &here).contains(DROPPED));
    diff(&["HEAD"], &here, 0);
    write("schema.yaml", OLD);
    assert!(sql(&["HEAD"], &here).contains(DROPPED), "the project of the directory is the other side");
    let unknown = dbstate(["diff", "nowhere..HEAD"], &here);
    assert_eq!(unknown.code, Some(1));
}

/// How PostgreSQL stores a constant is certain, so nobody need be asked.
#[test]
fn constants_are_compared_without_a_server() {
    let dir = tempfile::tempdir().expect("a directory");
    let text = |a: &str, b: &str| {
        format!(
            "schemas: {{ shop: {{ tables: {{ t: {{ columns: {{ a: int default {a}, b: text default {b} }} }} }} }} }}\n"
        )
    };
    fs::write(dir.path().join("old.yaml"), text("0", "'x'")).expect("written");
    fs::write(dir.path().join("new.yaml"), text("1", "$$x$$")).expect("written");
    fs::write(dir.path().join("other.yaml"), text("1", "'y'")).expect("written");
    let args = ["--format", "sql", "--scratch", "none"];
    let changed = dbstate(["diff", "old.yaml", "other.yaml"].iter().chain(&args), dir.path());
    assert_eq!((changed.code, &*changed.stderr), (Some(0), ""), "nothing is in doubt");
    let sets = |what: &str| changed.stdout.contains(what);
    assert!(sets("alter column a set default 1") && sets("alter column b set default 'y'"), "{}", changed.stdout);
    let in_doubt = dbstate(["diff", "old.yaml", "new.yaml"].iter().chain(&args), dir.path());
    assert!(in_doubt.stderr.contains("whether column `shop.t.b` differ only in spelling"), "{}", in_doubt.stderr);
}

/// What differs in spelling alone is asked of a server of our own, and named where there is none.
#[test]
fn what_projects_spell_otherwise_is_settled_or_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let text = |check: &str, default: &str, policy: &str| {
        format!(
            "schemas:\n  shop:\n    tables:\n      t:\n        columns: {{ a: int, b: text default {default} }}\n        \
             checks: {{ c: \"{check}\" }}\n        policies: {{ p: {{ using: \"{policy}\" }} }}\n"
        )
    };
    fs::write(dir.path().join("old.yaml"), text("a > 0 and a < 9", "'x'", "a = 1")).expect("written");
    fs::write(dir.path().join("new.yaml"), text("(a>0) AND (a<9)", "'x'::text", "b = 'x'")).expect("written");
    let args = ["diff", "old.yaml", "new.yaml", "--format", "markdown"];
    let asked = dbstate(args, dir.path());
    assert_eq!(asked.stderr, "", "nothing is in doubt");
    assert!(asked.stdout.starts_with("### dbstate plan: 0 to add, 1 to change"), "{}", asked.stdout);
    assert!(asked.stdout.contains("! ~ policy `shop.t.p`  new.yaml:7:21"), "{}", asked.stdout);
    let nobody = dbstate(args.iter().chain(&["--scratch", "none"]), dir.path());
    assert_eq!(nobody.code, Some(0), "{}", nobody.stderr);
    let note = "whether column `shop.t.b`, check `shop.t.c`, policy `shop.t.p` differ only in spelling";
    assert!(
        nobody.stderr.contains(note) && nobody.stderr.contains("could not be settled: no server was asked"),
        "{}",
        nobody.stderr
    );
    assert!(nobody.stdout.contains(&format!("\n> {note}")), "{}", nobody.stdout);
    let nowhere = std::collections::BTreeMap::from([("DBSTATE_PG_BIN".to_owned(), "/nowhere".to_owned())]);
    let without = dbstate_with(args, dir.path(), &nowhere);
    assert_eq!(without.code, Some(0), "{}", without.stderr);
    assert!(without.stderr.contains("could not be settled: "), "{}", without.stderr);
}
