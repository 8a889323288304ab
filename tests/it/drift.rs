//! `drift`: which side moved, since which apply, and who applied it.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::database::Database;
use crate::support::project::Project;

const SCHEMA: &str = "schemas:
  shop:
    tables:
      t:
        columns: { a: int, b: int }
        checks: { c: b > 0 }
      u: { columns: { a: int } }
";

/// The differences as JSON, after a look whether they follow the published schema.
#[track_caller]
fn changes(project: &Project) -> Vec<Value> {
    let output = project.run(&["drift", "--format", "json"], 2);
    let value: Value = serde_json::from_str(&output.stdout).expect("JSON");
    let schema = std::fs::read_to_string(root().join("docs/plan.schema.json")).expect("the schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    jsonschema::validate(&schema, &value).unwrap_or_else(|e| panic!("{e}\n{value:#}"));
    value["changes"].as_array().expect("a list").clone()
}

/// Which side of that object moved, and since which apply.
#[track_caller]
fn moved(changes: &[Value], name: &str) -> (Value, Value) {
    let change = changes.iter().find(|c| c["name"] == name).unwrap_or_else(|| panic!("no {name} in {changes:#?}"));
    (change["moved"].clone(), change["since"]["id"].clone())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A text with every time in it replaced.
fn timeless(text: &str) -> String {
    let word = |word: &str| {
        let is_time = word.len() == 20 && word.ends_with('Z') && word.as_bytes()[10] == b'T';
        if is_time { "TIME".to_owned() } else { word.to_owned() }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_difference_says_which_side_moved_since_which_apply() {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", SCHEMA)]);
    project.apply();
    database.psql(
        "alter table shop.t drop constraint c; alter table shop.t add constraint c check (b > 1);
         create table shop.by_hand (); drop table shop.u; alter table shop.t alter a type bigint",
    );
    project.write("schema.yaml", &SCHEMA.replace("a: int, b: int", "a: smallint, b: int, later: int"));
    let list = changes(&project);
    let one = |side: &str| (json!(side), json!(1));
    assert_eq!(moved(&list, "shop.t.c"), one("database"));
    assert_eq!(moved(&list, "shop.by_hand"), one("database"));
    assert_eq!(moved(&list, "shop.u"), one("database"));
    assert_eq!(moved(&list, "shop.t.a"), one("both"));
    assert_eq!(moved(&list, "shop.t.later"), one("project"));
    insta::assert_snapshot!(timeless(&project.run(&["drift"], 2).stdout), @"
    The database differs from the YAML in 5 places. To make it as declared:

      - table `shop.by_hand`
            the database moved since apply 1
      + table `shop.u`         schema.yaml:7:7
            the database moved since apply 1
      ~ column `shop.t.a`      schema.yaml:5:20
            the YAML and the database moved since apply 1
            - bigint
            + smallint
      + column `shop.t.later`  schema.yaml:5:41
            the YAML moved since apply 1
    -/+ check `shop.t.c`       schema.yaml:6:19
            the database moved since apply 1
            because it is defined otherwise
            - (b > 1)
            + (b > 0)

    apply 1: TIME by postgres
    Drift: 1 in the YAML, 3 in the database, 1 in both.
    `dbstate apply` makes it as declared; `dbstate drift --adopt` has the YAML say what it is.
    ");
}

#[test]
fn who_applied_which_revision_is_said() {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", SCHEMA)]);
    let git = |args: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let output = Command::new("git").current_dir(project.path()).args(identity).args(args).output().expect("git");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "first"]);
    let revision = git(&["rev-parse", "HEAD"]);
    project.apply();
    database.psql("alter table shop.t add by_hand int");
    let list = changes(&project);
    assert_eq!(list[0]["since"]["by"], "postgres");
    assert_eq!(list[0]["since"]["revision"], revision.as_str());
    let said = format!("Z by postgres, revision {}\n", &revision[..12]);
    for format in ["text", "markdown"] {
        let output = project.run(&["drift", "--format", format], 2).stdout;
        assert!(output.contains(&said), "{output}");
    }
}

#[test]
fn what_a_saved_plan_left_alone_keeps_its_apply() {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", SCHEMA)]);
    project.apply();
    project.write("schema.yaml", &SCHEMA.replace("u: { columns: { a: int", "u: { columns: { a: bigint"));
    project.run(&["plan", "--out", "p.plan"], 0);
    project.run(&["apply", "p.plan", "--yes", "--allow", "rewrite,data"], 0);
    database
        .psql("alter table shop.t alter a type bigint; alter table shop.u alter a type int; create table shop.v ()");
    let list = changes(&project);
    assert_eq!(moved(&list, "shop.t.a"), (json!("database"), json!(1)));
    assert_eq!(moved(&list, "shop.u.a"), (json!("database"), json!(2)));
    assert_eq!(
        moved(&list, "shop.v"),
        (json!("database"), json!(1)),
        "the first apply was the last that looked at all"
    );
}

#[test]
fn without_a_ledger_the_side_is_not_known() {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", SCHEMA), ("dbstate.yaml", "ledger: off\n")]);
    project.apply();
    database.psql("alter table shop.t alter a type bigint");
    assert_eq!(moved(&changes(&project), "shop.t.a"), (Value::Null, Value::Null));
    let text = project.run(&["drift"], 2).stdout;
    assert!(text.contains("Drift: 0 in the YAML, 0 in the database, 0 in both, 1 unknown.\n"), "{text}");
    let markdown = project.run(&["drift", "--format", "markdown"], 2).stdout;
    assert!(markdown.contains("| column `shop.t.a` differs | unknown | `schema.yaml:5:20` |"), "{markdown}");
}

/// The ledger of an older version has no such column: the next apply makes it.
#[test]
fn an_older_ledger_is_brought_up() {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", SCHEMA)]);
    project.apply();
    database.psql("alter table dbstate.settled drop column apply; alter table shop.t alter a type bigint");
    assert_eq!(moved(&changes(&project), "shop.t.a"), (json!("database"), Value::Null));
    assert!(project.run(&["drift"], 2).stdout.contains("the database moved since the last apply\n"));
    project.apply();
    database.psql("alter table shop.t alter a type bigint");
    assert_eq!(moved(&changes(&project), "shop.t.a"), (json!("database"), json!(2)));
}
