//! `drift`: which side moved, since which apply, and who applied it.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::database::{Database, same};
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

      - table `shop.by_hand`   schema.yaml:2:3
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
    database.psql(
        "alter table dbstate.settled drop column apply; alter table dbstate.unchanged drop column bodies;
         alter table shop.t alter a type bigint",
    );
    assert_eq!(moved(&changes(&project), "shop.t.a"), (json!("database"), Value::Null));
    assert!(project.run(&["drift"], 2).stdout.contains("the database moved since the last apply\n"));
    project.apply();
    assert_eq!(database.psql("select cardinality(bodies) from dbstate.unchanged").trim(), "0");
    database.psql("alter table shop.t alter a type bigint");
    assert_eq!(moved(&changes(&project), "shop.t.a"), (json!("database"), json!(2)));
}

#[test]
fn adopt_writes_what_was_changed_by_hand_and_nothing_else() {
    let database = Database::create();
    let schema = "# The shop.
schemas:
  shop:
    tables:
      # people
      t: # two columns
        columns: { a: int, b: int }
        checks: { c: b > 0 }
      gone: { columns: { a: int } }
      # to be dropped
      old: { columns: { a: int } }
    views:
      v: select a from shop.t
";
    let project = Project::new(&database, &[("schema.yaml", schema)]);
    project.apply();
    database.psql(
        "create table shop.by_hand (x int, y int); drop table shop.gone; alter table shop.t add by_hand text;
         alter table shop.t drop constraint c; alter table shop.t add constraint c check (b > 1);
         comment on table shop.t is 'by hand'; create or replace view shop.v as select a from shop.t where a > 0",
    );
    // The YAML is ahead meanwhile: one more column, one table less, another definition of the view.
    let ahead = schema.replace("b: int }", "b: int, later: date }");
    let ahead = ahead.replace("      # to be dropped\n      old: { columns: { a: int } }\n", "");
    let ahead = ahead.replace("select a from shop.t\n", "select a, b from shop.t # both\n");
    project.write("schema.yaml", &ahead);
    let output = project.run(&["drift", "--adopt"], 2);
    assert!(
        output.stderr.contains("wrote ") && output.stderr.contains("view `shop.v`; `dbstate pull"),
        "{}",
        output.stderr
    );
    insta::assert_snapshot!(std::fs::read_to_string(project.path().join("schema.yaml")).expect("the file"), @r#"
    # The shop.
    schemas:
      shop:
        tables:
          by_hand:
            columns: { x: integer, "y": integer }
          # people
          t: # two columns
            comment: by hand
            columns:
              a: int
              b: int
              by_hand: text
              later: date
            checks: { c: (b > 1) }
        views:
          v: select a, b from shop.t # both
    "#);
    assert!(output.stdout.contains("Drift: 2 in the YAML, 0 in the database, 1 in both.\n"), "{}", output.stdout);
    let plan = project.run(&["plan", "--format", "sql"], 0).stdout;
    assert!(plan.contains("drop table shop.old") && plan.contains("add column later date"), "{plan}");
    assert!(!plan.contains("by_hand") && !plan.contains("gone") && !plan.contains("constraint"), "{plan}");
    assert!(project.run(&["drift", "--adopt"], 2).stderr.contains("nothing was written"));
}

#[test]
fn what_hangs_on_the_other_side_is_left_to_people() {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", SCHEMA)]);
    project.apply();
    // A column by hand in a table that leaves the YAML; a table dropped by hand that gets a column in the YAML.
    database.psql("alter table shop.t add by_hand int; drop table shop.u");
    let schema = "schemas:\n  shop:\n    tables:\n      u: { columns: { a: int, later: int } }\n";
    project.write("schema.yaml", schema);
    let output = project.run(&["drift", "--adopt"], 2);
    for left in ["column `shop.t.by_hand`", "table `shop.u`", "column `shop.u.a`"] {
        assert!(output.stderr.contains(left), "{left}: {}", output.stderr);
    }
    assert_eq!(std::fs::read_to_string(project.path().join("schema.yaml")).expect("the file"), schema);
}

/// What was adopted is known to the next apply, though it has nothing to do: what is changed by hand then is by hand.
#[test]
fn an_apply_with_nothing_to_do_knows_what_was_adopted() {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", SCHEMA)]);
    project.apply();
    database.psql("alter table shop.t alter a type bigint");
    let adopted = project.run(&["drift", "--adopt"], 0);
    assert_eq!(adopted.stdout, "No drift: the database is as declared.\n");
    project.settled();
    let ledger = || database.psql("select string_agg(xmin::text, ' ' order by address) from dbstate.settled");
    let before = ledger();
    project.apply();
    let after = ledger();
    assert_ne!(before, after);
    project.apply();
    assert_eq!(ledger(), after, "it is written where it says something else");
    database.psql("alter table shop.t alter a type smallint");
    assert_eq!(moved(&changes(&project), "shop.t.a"), (json!("database"), json!(1)));
}

#[test]
fn a_database_that_was_pulled_is_known_after_one_apply() {
    let database = Database::create();
    database.psql("create schema shop; create table shop.t (a int)");
    let project =
        Project::new(&database, &[("schema.yaml", "schemas: { shop: { tables: { t: { columns: { a: int } } } } }\n")]);
    project.apply();
    database.psql("alter table shop.t alter a type bigint");
    assert_eq!(moved(&changes(&project), "shop.t.a"), (json!("database"), Value::Null));
}

#[test]
fn two_projects_in_one_database_keep_their_memories() {
    let database = Database::create();
    let other = SCHEMA.replace("shop", "stock");
    let (one, two) =
        (Project::new(&database, &[("schema.yaml", SCHEMA)]), Project::new(&database, &[("schema.yaml", &other)]));
    one.apply();
    two.apply();
    // The first takes a table out; that the second was applied meanwhile makes nobody think it was made by hand.
    one.write("schema.yaml", &SCHEMA.replace("      u: { columns: { a: int } }\n", ""));
    database.psql("alter table stock.t alter a type bigint; create table shop.by_hand ()");
    let (ours, theirs) = (changes(&one), changes(&two));
    assert_eq!(moved(&ours, "shop.u"), (json!("project"), json!(1)));
    assert_eq!(moved(&ours, "shop.by_hand"), (json!("database"), json!(1)));
    assert_eq!(moved(&theirs, "stock.t.a"), (json!("database"), json!(2)));
    one.apply();
    let known = "select count(*) from dbstate.settled where address ~ ':shop.u'";
    assert_eq!(database.psql(known), "0", "what left its schema is forgotten");
    database.psql("drop schema stock cascade");
    assert_eq!(moved(&changes(&two), "stock"), (json!("database"), json!(2)));
}

#[test]
fn a_part_that_stands_aside_is_attached() {
    let database = Database::create();
    let schema = "schemas:
  shop:
    tables:
      p: { columns: { id: int, of: int }, partition_by: list (of), indexes: { i: { columns: [id], only: true } } }
      p_1: { partition_of: p, for: values in (1), indexes: { i_1: [id] } }
      p_2: { partition_of: p, for: values in (2) }
";
    let project = Project::new(&database, &[("schema.yaml", schema)]);
    project.apply();
    project.settled();
    let dump = database.pg_dump();
    database.psql("drop index shop.i; create index i on only shop.p (id); create index i_1 on shop.p_1 (id)");
    assert!(project.run(&["drift"], 2).stdout.contains("it is to have other parts"));
    project.apply();
    project.settled();
    same(&database.pg_dump(), &dump);
}
