//! `dbstate history`: what was applied, by whom, and what of it was committed.

use serde_json::{Value, json};

use crate::support::database::Database;
use crate::support::project::Project;

const SCHEMA: &str = "schemas: { shop: { tables: { t: { columns: { a: int } } } } }\n";

fn applies(project: &Project) -> Vec<Value> {
    let output = project.run(&["history", "--format", "json"], 0);
    let value: Value = serde_json::from_str(&output.stdout).expect("JSON");
    let schema = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/history.schema.json");
    let schema = std::fs::read_to_string(schema).expect("the schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    jsonschema::validate(&schema, &value).expect("it follows the schema");
    value["applies"].as_array().expect("a list").clone()
}

#[test]
fn every_apply_is_remembered() {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", SCHEMA)]);
    let none = project.run(&["history"], 0);
    assert_eq!(none.stdout, "No history: the ledger of this database has no apply.\n");
    assert_eq!(database.psql("select to_regnamespace('dbstate') is null"), "t", "to look is not to write");

    project.apply();
    project.write("schema.yaml", &SCHEMA.replace("a: int", "a: int, b: text"));
    project.apply();
    project.apply();
    let list = applies(&project);
    assert_eq!(list.len(), 2, "an apply that does nothing leaves no line");
    assert_eq!(list[0]["statements"], json!(["alter table shop.t add column b text"]));
    assert_eq!(list[0]["complete"], true);
    assert_eq!(list[0]["by"], "postgres");
    assert_eq!(list[0]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(list[1]["id"], 1);

    let text = project.run(&["history"], 0).stdout;
    assert!(text.lines().next().is_some_and(|l| l.contains("postgres  1 statement in 0.")), "{text}");
    assert!(!text.contains("add column"), "{text}");
    let text = project.run(&["history", "-v"], 0).stdout;
    assert!(text.contains("\n    alter table shop.t add column b text;\n"), "{text}");
}

#[test]
fn what_was_committed_before_a_failure_is_remembered() {
    let database = Database::create();
    let schema = |labels: &str, default: &str, more: &str| {
        let columns = format!("e: shop.e default '{default}'{more}");
        format!(
            "schemas: {{ shop: {{ enums: {{ e: [{labels}] }}, tables: {{ t: {{ columns: {{ {columns} }} }} }} }} }}\n"
        )
    };
    let project = Project::new(&database, &[("schema.yaml", &schema("x", "x", ""))]);
    project.apply();
    database.psql("insert into shop.t values ('x'), ('x')");
    // A new label can be used only after a commit; what comes after it fails, and nothing tells so before.
    project.write("schema.yaml", &schema("x, y", "y", ", n: int default 1 }, unique: { t_n: [n]"));
    project.run(&["apply", "--yes", "--allow", "block"], 1);
    let list = applies(&project);
    assert_eq!(list.len(), 2, "{list:?}");
    assert_eq!(list[0]["complete"], false);
    assert_eq!(list[0]["statements"][0], "alter type shop.e add value 'y'");
    let text = project.run(&["history"], 0).stdout;
    assert!(text.contains("(did not end as declared)"), "{text}");
}

#[test]
fn what_was_rolled_back_leaves_no_line() {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", SCHEMA)]);
    project.apply();
    database.psql("insert into shop.t values (1)");
    project.write("schema.yaml", &SCHEMA.replace("a: int", "a: date"));
    project.run(&["apply", "--yes", "--allow", "rewrite,data"], 1);
    assert_eq!(applies(&project).len(), 1);
}

#[test]
fn comments_on_things_of_one_name_are_told_apart() {
    let database = Database::create();
    let columns = "columns: { a: { type: int, comment: one } }, indexes: { a: { columns: [a], comment: other } }";
    let schema = format!("schemas: {{ shop: {{ tables: {{ t: {{ {columns} }} }} }} }}\n");
    let project = Project::new(&database, &[("schema.yaml", &schema)]);
    let output = project.run(&["apply", "--yes"], 0);
    assert!(!output.stderr.contains("could not be written"), "{}", output.stderr);
    assert_eq!(applies(&project).len(), 1);
}
