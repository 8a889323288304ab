//! A plan as a comment under a pull request: complete where it fits, cut where not, and the same for the same plan.

use std::fmt::Write;

use crate::support::database::Database;
use crate::support::project::Project;

/// What GitHub takes as one comment.
const LIMIT: usize = 65_536;

#[test]
fn a_plan_says_what_it_risks_and_where() {
    let database = Database::create();
    let schema = "schemas:\n  shop:\n    tables:\n      orders: { columns: { id: bigint, note: text } }\n";
    let project = Project::new(&database, &[("schema.yaml", schema)]);
    project.apply();
    let empty = project.run(&["plan", "--format", "markdown"], 0);
    assert_eq!(empty.stdout, "### dbstate plan: no changes\n\nThe database is as declared.\n");

    database.psql("insert into shop.orders values (1, 'x')");
    project.write("schema.yaml", &schema.replace(", note: text", ""));
    let plan = project.run(&["plan", "--format", "markdown"], 0).stdout;
    for part in [
        "### dbstate plan: 0 to add, 0 to change, 0 to replace, 1 to drop\n",
        "\n**Hazards:** data 1, breaking 1. To apply without being asked: `--allow data,breaking`\n",
        "| data | column `shop.orders.note`: drops the column with its values",
        "```diff\n- column `shop.orders.note`  schema.yaml:4:7\n```",
        "```sql\nalter table shop.orders drop column note;\n```",
    ] {
        assert!(plan.contains(part), "{part:?} is not in\n{plan}");
    }
    let drift = project.run(&["drift", "--format", "markdown"], 2).stdout;
    assert!(drift.starts_with("### dbstate drift: 1 difference\n"), "{drift}");
    assert!(drift.contains("\n1 in the YAML, 0 in the database, 0 in both.\n"), "{drift}");
    let row =
        "| column `shop.orders.note` is in the database alone | the YAML moved since apply 1 | `schema.yaml:4:7` |";
    assert!(drift.contains(row), "{drift}");
    assert!(drift.contains("\n- apply 1: 20") && drift.contains("Z by postgres\n"), "{drift}");
    assert!(drift.contains("#     the YAML moved since apply 1\n"), "{drift}");
}

#[test]
fn a_query_is_compared_line_by_line() {
    let database = Database::create();
    let schema = "schemas: { shop: { tables: { t: { columns: { id: int, no: int } } }, views: { v: \"select id from shop.t\" } } }";
    let project = Project::new(&database, &[("schema.yaml", schema)]);
    project.apply();
    project.write("schema.yaml", &schema.replace("select id", "select id, no"));
    let plan = project.run(&["plan", "--format", "markdown"], 0).stdout;
    let differ: Vec<&str> = plan.lines().filter(|line| line.starts_with("-  ") || line.starts_with("+  ")).collect();
    assert!(differ.len() == 3 && differ[0].starts_with('-') && differ[2].ends_with("no"), "{plan}");
}

#[test]
fn of_a_changed_table_only_what_changes_is_shown() {
    let database = Database::create();
    database.psql(
        "create schema shop; create table shop.t (price numeric default 0 check (price >= 0), id int);
        create index on shop.t (lower(id::text)); comment on table shop.t is 'old';
        grant select on shop.t to public",
    );
    let schema = "schemas:\n  shop:\n    tables:\n      t:\n        comment: new\n        options: { fillfactor: 70 }\n        columns:\n          id: int\n          \
        price: { type: numeric, default: 0, comment: net }\n        checks: { t_price_check: price >= 0 }\n        \
        indexes: { t_lower_idx: [lower(cast(id as text))] }\n";
    let project = Project::new(&database, &[("schema.yaml", schema)]);
    let plan = project.run(&["plan", "--format", "markdown"], 0).stdout;
    let differ: Vec<&str> = plan.lines().filter(|line| line.starts_with("-  ") || line.starts_with("+  ")).collect();
    let expected = ["+     options: { fillfactor: \"70\" }", "-     old", "+     new"];
    assert_eq!(differ, expected, "{plan}");
}

#[test]
fn however_large_it_is_a_comment_holds_it() {
    let database = Database::create();
    let mut schema = "schemas:\n  shop:\n    tables:\n".to_owned();
    for i in 0..900 {
        writeln!(schema, "      orders_of_a_customer_{i}: {{ columns: {{ id: bigint, note: text }} }}")
            .expect("a text");
    }
    let project = Project::new(&database, &[("schema.yaml", &schema)]);
    let plan = project.run(&["plan", "--format", "markdown"], 0).stdout;
    assert!(plan.len() <= LIMIT && plan.len() > LIMIT / 2, "{} bytes", plan.len());
    assert_eq!(plan.matches("more lines: `dbstate plan` prints them all.").count(), 1, "{plan}");
    assert_eq!(plan, project.run(&["plan", "--format", "markdown"], 0).stdout);
}

#[test]
fn whatever_its_texts_hold_a_comment_holds_it() {
    let database = Database::create();
    let long = "x".repeat(30_000);
    let mut schema = "schemas:\n  shop:\n    functions:\n".to_owned();
    for i in 0..9 {
        let body = if i == 4 { "`".repeat(40_000) } else { long.clone() };
        writeln!(schema, "      f{i}(): {{ returns: text, language: sql, body: \"select '{body}'\" }}")
            .expect("a text");
    }
    let project = Project::new(&database, &[("schema.yaml", &schema)]);
    let plan = project.run(&["plan", "--format", "markdown"], 0).stdout;
    assert!(plan.len() <= LIMIT, "{} bytes", plan.len());
    project.apply();
    project.write("schema.yaml", &schema.replace("select '", "select 'y"));
    for command in ["plan", "drift"] {
        let text = project.run(&[command, "--format", "markdown"], if command == "drift" { 2 } else { 0 }).stdout;
        assert!(text.len() <= LIMIT, "{command}: {} bytes", text.len());
        assert_eq!(text.matches("```").count() % 2, 0, "every part is closed");
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    }
}

#[test]
fn the_summary_of_a_step_gets_it_too() {
    let database = Database::create();
    let schema = "schemas: { shop: { tables: { t: { columns: { a: int } } } } }\n";
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("summary.md");
    let name = path.to_str().expect("text");
    let project = Project::new(&database, &[("schema.yaml", schema)]).env("GITHUB_STEP_SUMMARY", name);
    let plan = project.run(&["plan", "--format", "markdown"], 0).stdout;
    let drift = project.run(&["drift", "--format", "markdown"], 2).stdout;
    project.run(&["plan"], 0);
    let read = || std::fs::read_to_string(&path).expect("the summary");
    assert_eq!(read(), format!("{plan}{drift}"));

    // What GitHub would refuse is not written, and that is no failure.
    std::fs::write(&path, "x".repeat((1 << 20) - 10)).expect("written");
    let output = project.run(&["plan", "--format", "markdown"], 0);
    assert_eq!(output.stdout, plan);
    assert!(
        output.stderr.contains("warning: the summary that `GITHUB_STEP_SUMMARY` names was not written: "),
        "{}",
        output.stderr
    );
    assert_eq!(read().len(), (1 << 20) - 10);
    let project = project.env("GITHUB_STEP_SUMMARY", dir.path().to_str().expect("text"));
    assert!(project.run(&["plan", "--format", "markdown"], 0).stderr.contains("was not written: is a directory"));
}
