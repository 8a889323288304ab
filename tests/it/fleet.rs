//! Environments of several databases: `plan`, `drift` and `apply` of all of them in one run.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::binary::Output;
use crate::support::cluster::{cluster, own_cluster};
use crate::support::database::{Database, psql};
use crate::support::project::Project;

const SCHEMA: &str = "schemas:
  shop:
    tables:
      t: { columns: { a: int } }
";

/// What the databases are to get: a check.
const CHECKED: &str = "schemas:
  shop:
    tables:
      t: { columns: { a: int }, checks: { positive: a > 0 } }
";

fn databases<const N: usize>() -> [Database<'static>; N] {
    std::array::from_fn(|_| Database::create())
}

/// A project whose environment `all` lists these databases.
fn listed(databases: &[Database<'static>], schema: &str) -> Project {
    let project = Project::new(&databases[0], &[("schema.yaml", schema)]);
    let list: Vec<String> = databases.iter().map(|database| format!("    - \"{}\"\n", database.url())).collect();
    project.write("dbstate.yaml", &format!("environments:\n  all:\n   database:\n{}", list.concat()));
    project
}

/// The text with the names of the databases in it replaced by `a`, `b`, `c`.
fn named(text: &str, databases: &[Database<'static>]) -> String {
    let mut out = text.to_owned();
    // The longest name first: `test_1` is in `test_12`.
    let mut names: Vec<(usize, &str)> = databases.iter().map(Database::name).enumerate().collect();
    names.sort_by_key(|(_, name)| std::cmp::Reverse(name.len()));
    for (i, name) in names {
        out = out.replace(name, &char::from(b'a' + u8::try_from(i).expect("few")).to_string());
    }
    out
}

/// The comparison as JSON, after a look whether it follows the published schema.
#[track_caller]
fn compared(project: &Project, args: &[&str], code: i32) -> Value {
    let args: Vec<&str> = args.iter().copied().chain(["--env", "all", "--format", "json"]).collect();
    let value: Value = serde_json::from_str(&project.run_alone(&args, code).stdout).expect("JSON");
    let read = |name: &str| -> Value {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
        serde_json::from_str(&std::fs::read_to_string(path).expect(name)).expect("JSON")
    };
    let mut schema = read("fleet.schema.json");
    schema["$defs"]["plan"] = read("plan.schema.json");
    jsonschema::validate(&schema, &value).unwrap_or_else(|e| panic!("{e}\n{value:#}"));
    value
}

#[track_caller]
fn apply(project: &Project, more: &[&str], code: i32) -> Output {
    let args: Vec<&str> = ["apply", "--yes", "--env", "all"].into_iter().chain(more.iter().copied()).collect();
    project.run_alone(&args, code)
}

fn has_check(database: &Database<'_>) -> bool {
    database.psql("select count(*) from pg_constraint where conname = 'positive' and convalidated") == "1"
}

#[test]
fn databases_with_the_same_plan_are_one_group() {
    let all = databases::<4>();
    let project = listed(&all, SCHEMA);
    apply(&project, &[], 0);
    all[2].psql("alter table shop.t add column b int");
    all[3].psql("alter table shop.t add constraint positive check (a > 0)");
    project.write("schema.yaml", CHECKED);
    let output = project.run_alone(&["plan", "--env", "all"], 0);
    insta::assert_snapshot!(named(&output.stdout, &all), @r"
    2 of 4 databases: the same 1 step
      a, b

      + check `shop.t.positive`  schema.yaml:4:43

    Statements, in order:

        alter table shop.t add constraint positive check (a > 0);
          -- lock: access exclusive

    Plan: 1 to add, 0 to change, 0 to replace, 0 to drop.

    1 of 4 databases: 2 steps
      c

      - column `shop.t.b`        schema.yaml:4:7
      + check `shop.t.positive`  schema.yaml:4:43

    Statements, in order:

        alter table shop.t drop column b;
          -- lock: access exclusive
          -- hazard data: drops the column with its values
          -- hazard breaking: clients lose column `shop.t.b`
        alter table shop.t add constraint positive check (a > 0);
          -- lock: access exclusive

    Hazards: data 1, breaking 1. To apply without being asked: --allow data,breaking

    Plan: 1 to add, 0 to change, 0 to replace, 1 to drop.

    4 databases: 1 as declared, 3 differ.
    ");
    let names = |at: usize| all[at].name();
    let value = compared(&project, &["plan", "--exit-code"], 2);
    assert_eq!(value["groups"][0]["databases"], json!([names(0), names(1)]));
    assert_eq!(value["groups"][1]["databases"], json!([names(2)]));
    assert_eq!(value["as_declared"], json!([names(3)]));
    assert_eq!((&value["databases"], &value["share"]), (&json!(4), &Value::Null));
    let markdown = project.run_alone(&["drift", "--env", "all", "--format", "markdown"], 2).stdout;
    let titles: Vec<&str> = markdown.lines().filter(|line| line.starts_with("##")).collect();
    assert_eq!(
        titles,
        [
            "### dbstate drift: 4 databases: 1 as declared, 3 differ",
            "#### 2 of 4 databases: the same 1 step",
            "#### 1 of 4 databases: 2 steps",
        ]
    );
    let junit = project.run_alone(&["drift", "--env", "all", "--format", "junit"], 2).stdout;
    assert!(named(&junit, &all).contains("in 2 of 4 databases: a, b"), "{junit}");
    let refused = project.run_alone(&["plan", "--env", "all", "--format", "sql"], 1);
    assert!(refused.stderr.contains("is for one database"), "{}", refused.stderr);
}

#[test]
fn an_apply_of_many_goes_on_where_it_stopped() {
    let all = databases::<4>();
    let project = listed(&all, SCHEMA);
    let output = apply(&project, &["--jobs", "3"], 0);
    assert!(output.stdout.ends_with("Applied: 4 of 4 databases.\n"), "{}", output.stdout);
    all[2].psql("insert into shop.t values (-1)");
    project.write("schema.yaml", CHECKED);
    let output = apply(&project, &["--jobs", "1", "--allow", "block"], 3);
    let ended = output.stdout.lines().last().expect("a line");
    assert_eq!(ended, "Applied: 2 of 4 databases; 1 failed; 1 not begun; the same command goes on with them.");
    assert!(named(&output.stderr, &all).contains("1 of 4 databases failed: c"), "{}", output.stderr);
    assert!(output.stderr.contains("schema.yaml:4:"), "it points at the check: {}", output.stderr);
    assert_eq!(all.each_ref().map(has_check), [true, true, false, false]);
    let output = apply(&project, &["--jobs", "1", "--allow", "block", "--keep-going", "--canary", "0"], 3);
    let ended = output.stdout.lines().last().expect("a line");
    assert_eq!(ended, "Applied: 1 of 4 databases; 2 as declared before; 1 failed.");
    all[2].psql("delete from shop.t");
    apply(&project, &["--allow", "block"], 0);
    assert!(all.iter().all(has_check));
    let output = apply(&project, &[], 0);
    assert!(output.stdout.ends_with("Nothing to do: 4 of 4 databases as declared.\n"), "{}", output.stdout);
    project.run_alone(&["drift", "--env", "all"], 0);
}

#[test]
fn where_the_canary_fails_no_other_is_begun() {
    let all = databases::<3>();
    let project = listed(&all, SCHEMA);
    apply(&project, &[], 0);
    all[0].psql("insert into shop.t values (-1)");
    project.write("schema.yaml", CHECKED);
    let output = apply(&project, &["--allow", "block", "--keep-going"], 3);
    let ended = output.stdout.lines().last().expect("a line");
    assert_eq!(ended, "Applied: 0 of 3 databases; 1 failed; 2 not begun; the same command goes on with them.");
    assert_eq!(all.each_ref().map(has_check), [false; 3]);
}

#[test]
fn what_is_not_allowed_anywhere_changes_nothing_anywhere() {
    let all = databases::<3>();
    let project = listed(&all, SCHEMA);
    apply(&project, &[], 0);
    all[1].psql("alter table shop.t add column b int");
    project.write("schema.yaml", CHECKED);
    let output = apply(&project, &["--allow", "block"], 3);
    assert!(output.stderr.contains("hazard `data` is not allowed"), "{}", output.stderr);
    assert_eq!(all.each_ref().map(has_check), [false; 3]);
    apply(&project, &["--allow", "block", "--keep-going"], 3);
    assert_eq!(all.each_ref().map(has_check), [true, false, true]);
}

#[test]
fn a_database_that_is_not_there_is_named() {
    let all = databases::<2>();
    let project = listed(&all, SCHEMA);
    let gone = cluster().url("gone_for_good").replace('?', "?password=hunter2&");
    let list = format!("[\"{}\", \"{gone}\", {{ env: OTHER }}]", all[0].url());
    project.write("dbstate.yaml", &format!("environments: {{ all: {{ database: {list} }} }}\n"));
    let project = project.env("OTHER", &all[1].url());
    let output = project.run_alone(&["plan", "--env", "all"], 1);
    assert!(output.stderr.contains("1 of 3 databases failed: gone_for_good"), "{}", output.stderr);
    assert!(output.stdout.contains("2 of 3 databases: the same 2 steps"), "{}", output.stdout);
    assert!(!(output.stdout + &output.stderr).contains("hunter2"), "no password is printed");
    let value = compared(&project, &["plan"], 1);
    assert_eq!(value["failures"][0]["databases"], json!(["gone_for_good"]));
    assert_eq!(value["failures"][0]["problems"][0]["code"], "connection");
    let output = apply(&project, &[], 1);
    assert!(output.stderr.contains("No database was changed"), "{}", output.stderr);
    assert_eq!(all[0].psql("select to_regnamespace('shop') is null"), "t");
    apply(&project, &["--keep-going"], 1);
    assert_eq!(all.each_ref().map(|one| one.psql("select to_regnamespace('shop') is null")), ["f", "f"]);
}

#[test]
fn a_query_names_databases_and_shares_divide_them() {
    let all = databases::<6>();
    let names: Vec<String> = all.iter().map(|database| format!("'{}'", database.name())).collect();
    let query = format!("select datname from pg_database where datname in ({}) order by oid", names.join(", "));
    let project = Project::new(&all[0], &[("schema.yaml", SCHEMA)]);
    let settings = format!("environments:\n  all:\n    database: {{ query: \"{query}\", from: {{ env: ADMIN }} }}\n");
    project.write("dbstate.yaml", &settings);
    let project = project.env("ADMIN", &cluster().url("postgres"));
    let held = |share: &str| {
        let value = compared(&project, &["plan", "--shard", share], 0);
        assert_eq!(value["share"]["databases"], 6);
        let list = value["groups"][0]["databases"].as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().map(|name| name.as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    let (mut both, second) = (held("1/2"), held("2/2"));
    assert_eq!(held("1/2"), both, "a share is the same each time");
    both.extend(second);
    both.sort();
    let mut expected: Vec<&str> = all.iter().map(Database::name).collect();
    expected.sort_unstable();
    assert_eq!(both, expected);
    apply(&project, &["--shard", "1/2"], 0);
    apply(&project, &["--shard", "2/2"], 0);
    compared(&project, &["drift"], 0);
    let broken = settings.replace("select datname", "select oops");
    project.write("dbstate.yaml", &broken);
    assert!(project.run_alone(&["plan", "--env", "all"], 1).stderr.contains("column \"oops\" does not exist"));
    project.write("dbstate.yaml", &settings.replace("select datname", "select null::text"));
    assert!(project.run_alone(&["plan", "--env", "all"], 1).stderr.contains("row 1 of the query names no database"));
}

#[test]
fn roles_of_one_cluster_are_made_once() {
    let own = own_cluster();
    let server = own.server();
    let all: [Database<'_>; 3] = std::array::from_fn(|_| Database::create_in(server));
    let roles = "roles: { fleet_app: { login: true, grants: { schemas: { shop: usage } } } }\n";
    let project = Project::new(&all[0], &[("schema.yaml", SCHEMA), ("roles.yaml", roles)]);
    let list: Vec<String> = all.iter().map(|database| format!("\"{}\"", database.url())).collect();
    project.write("dbstate.yaml", &format!("environments: {{ all: {{ database: [{}] }} }}\n", list.join(", ")));
    let output = apply(&project, &["--jobs", "3", "--allow", "access"], 0);
    assert!(output.stdout.contains("3 of 3 databases: the same"), "{}", output.stdout);
    assert!(output.stdout.ends_with("Applied: 3 of 3 databases.\n"), "{}", output.stdout);
    assert_eq!(psql(server, "postgres", "select count(*) from pg_roles where rolname = 'fleet_app'"), "1");
    project.run_alone(&["drift", "--env", "all"], 0);
}

#[test]
fn what_is_about_one_database_refuses_several() {
    let all = databases::<2>();
    let project = listed(&all, SCHEMA);
    for args in [&["history"][..], &["docs", "-o", "site"], &["plan", "--out", "p"], &["plan", "--activity"]] {
        let args: Vec<&str> = args.iter().copied().chain(["--env", "all"]).collect();
        let said = project.run_alone(&args, 1).stderr;
        assert!(said.contains("one database") || said.contains("this is about one"), "{args:?}: {said}");
    }
    let said = project.run(&["plan", "--shard", "1/2"], 1).stderr;
    assert!(said.contains("`--shard` is for environments of several databases"), "{said}");
    project.run(&["plan", "--env", "all"], 0);
    project.run_alone(&["plan", "--env", "all", "--shard", "3/2"], 1);
}
