//! Saved plans: applied as they were saved, on what they were made for, or not at all.

use serde_json::Value;

use crate::support::cluster::own_cluster;
use crate::support::database::Database;
use crate::support::project::Project;

const BEFORE: &str = "
schemas:
  shop:
    enums: { status: [new, paid] }
    tables:
      orders: { columns: { id: bigint not null, total: int } }
      users: { columns: { id: bigint } }
      other: { columns: { id: bigint } }
    views: { totals: select total from shop.orders }
    functions: { one(): { returns: int, language: sql, file: one.sql } }
";
const BODY: &str = "select 1\n";

/// `BEFORE` applied, then a plan saved that adds a column of the type and a key to the table of orders.
fn saved<'a>(database: &'a Database<'a>) -> Project {
    let project = Project::new(database, &[("schema.yaml", BEFORE), ("one.sql", BODY)]);
    project.apply();
    let after = BEFORE.replace("total: int }", "total: int, status: shop.status }, primary_key: [id]");
    project.write("schema.yaml", &after);
    project.run(&["plan", "--out", "a.plan"], 0);
    project
}

fn read(project: &Project) -> Value {
    let text = std::fs::read_to_string(project.path().join("a.plan")).expect("saved");
    serde_json::from_str(&text).expect("JSON")
}

/// Applies the plan, which is refused before any change.
#[track_caller]
fn refused(project: &Project, database: &Database<'_>, why: &str) {
    let before = database.pg_dump();
    let output = project.run(&["apply", "a.plan", "--yes"], 3);
    assert!(output.stderr.contains(why), "{}", output.stderr);
    assert!(output.stderr.contains("make the plan again"), "{}", output.stderr);
    assert_eq!(database.pg_dump(), before);
}

#[test]
fn a_saved_plan_is_applied_as_it_was_saved() {
    let database = Database::create();
    let project = saved(&database);
    let statements = |value: &Value| value["steps"].as_array().expect("a list").len();
    assert_eq!(statements(&read(&project)), 2);
    let schema = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/saved-plan.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).expect("the schema")).expect("JSON");
    jsonschema::validate(&schema, &read(&project)).unwrap_or_else(|e| panic!("{e} at {}", e.instance_path()));

    // The files may have moved on; what was saved counts.
    project.write("schema.yaml", "schemas: {}");
    let output = project.run(&["apply", "a.plan", "--yes", "--allow", "block"], 0);
    assert_eq!(output.stdout.lines().last(), Some("Applied: 2 added, 0 changed, 0 replaced, 0 dropped."));
    assert_eq!(database.psql("select count(*) from pg_constraint where conname = 'orders_pkey'"), "1");
    let again = project.run(&["apply", "a.plan", "--yes"], 3);
    assert!(again.stderr.contains("has changed since the plan was saved"), "{}", again.stderr);
}

#[test]
fn an_unrelated_change_is_no_reason_to_refuse() {
    let database = Database::create();
    let project = saved(&database);
    database.psql(
        "alter table shop.other add by_hand int; create table shop.more (); comment on table shop.orders is 'x';
         alter type shop.status owner to postgres; drop view shop.totals; insert into shop.users values (1)",
    );
    project.run(&["apply", "a.plan", "--yes", "--allow", "block"], 0);
    let columns = "select string_agg(attname, ' ' order by attnum) from pg_attribute
                   where attnum > 0 and attrelid = 'shop.orders'::regclass";
    assert_eq!(database.psql(columns), "id total status");
    assert_eq!(database.psql("select count(*) from pg_attribute where attname = 'by_hand'"), "1", "it was left alone");
    // What the plan did not touch is still known to differ.
    let drift = project.run(&["drift"], 2);
    for what in ["view `shop.totals`", "table `shop.more`", "column `shop.other.by_hand`", "comment of table"] {
        assert!(drift.stdout.contains(what), "{what}: {}", drift.stdout);
    }
    assert!(!drift.stdout.contains("shop.orders.status"), "{}", drift.stdout);
}

#[test]
fn a_table_that_was_found_empty_may_not_fill_where_that_counts() {
    let database = Database::create();
    let project = saved(&database);
    database.psql("insert into shop.orders values (1, 2)");
    refused(&project, &database, "table `shop.orders` held no rows when the plan was saved and holds some now");

    // A comment is the same with and without rows.
    database.psql("truncate shop.orders");
    project.write("schema.yaml", &BEFORE.replace("total: int }", "total: { type: int, comment: x } }"));
    project.run(&["plan", "--out", "a.plan"], 0);
    database.psql("insert into shop.orders values (1, 2)");
    project.run(&["apply", "a.plan", "--yes"], 0);
}

#[test]
fn what_the_plan_touches_may_not_move() {
    for (sql, why) in [
        ("alter table shop.orders add by_hand int", "table `shop.orders` has changed"),
        ("alter table shop.orders alter total type bigint", "table `shop.orders` has changed"),
        ("drop table shop.orders cascade", "table `shop.orders` is gone"),
        ("alter table shop.orders add status text", "table `shop.orders` has changed"),
    ] {
        let database = Database::create();
        let project = saved(&database);
        database.psql("drop view shop.totals");
        database.psql(sql);
        refused(&project, &database, why);
    }
}

#[test]
fn what_the_plan_relies_on_may_not_move() {
    let database = Database::create();
    let project = saved(&database);
    database.psql("alter type shop.status add value 'lost'");
    refused(&project, &database, "enum type `shop.status` has changed since the plan was saved");
}

#[test]
fn what_has_come_to_use_it_counts() {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", BEFORE), ("one.sql", BODY)]);
    project.apply();
    project.write("schema.yaml", &BEFORE.replace("id: bigint not null, total: int", "id: int not null, total: int"));
    project.run(&["plan", "--out", "a.plan"], 0);
    database.psql("create view shop.ids as select id from shop.orders");
    let output = project.run(&["apply", "a.plan", "--yes", "--allow", "rewrite,data,block,breaking"], 3);
    assert!(output.stderr.contains("view `shop.ids` uses now what the plan changes"), "{}", output.stderr);
}

#[test]
fn a_rename_is_saved_with_what_hangs_on_it() {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", BEFORE), ("one.sql", BODY)]);
    project.apply();
    let after = BEFORE.replace("      users: {", "      people: { was: users,");
    project.write("schema.yaml", &after);
    project.run(&["plan", "--out", "a.plan"], 0);
    database.psql("create table shop.more ()");
    project.run(&["apply", "a.plan", "--yes", "--allow", "breaking"], 0);
    database.psql("drop table shop.more");
    project.settled();
}

#[test]
fn another_database_is_refused() {
    let database = Database::create();
    let project = saved(&database);
    let beside = Database::create();
    let elsewhere = Project::new(&beside, &[]);
    let plan = project.path().join("a.plan");
    let output = elsewhere.run(&["apply", plan.to_str().expect("UTF-8"), "--yes"], 3);
    let why = format!("the plan is for database `{}`, and this is `{}`", database.name(), beside.name());
    assert!(output.stderr.contains(&why), "{}", output.stderr);
}

#[test]
fn a_file_that_is_no_plan_of_this_version_is_told_so() {
    let database = Database::create();
    let project = saved(&database);
    let text = read(&project).to_string();
    for (broken, why) in [
        (text.replace("primary key", "unique"), "was changed since it was saved"),
        (text[..text.len() / 2].to_owned(), "is no saved plan"),
        ("schemas: {}".to_owned(), "is no saved plan"),
        ("{}".to_owned(), "it names no version"),
        (text.replacen("\"format\":1", "\"format\":2", 1), "in format 2; this is"),
        (text.replacen("\"touches\"", "\"touched\"", 1), "unknown field `touched`"),
        (text.replace("[\"enum_type\",", "[\"enumeration\","), "was changed since it was saved"),
    ] {
        project.write("a.plan", &broken);
        let output = project.run(&["apply", "a.plan", "--yes"], 1);
        assert!(output.stderr.contains(why) && output.stderr.contains("plan-file"), "{why}: {}", output.stderr);
        assert!(output.stderr.contains("make the plan again"), "{}", output.stderr);
    }
    let missing = project.run(&["apply", "none.plan", "--yes"], 1);
    assert!(missing.stderr.contains("can't read the plan `none.plan`"), "{}", missing.stderr);
    let both = project.run(&["apply", "a.plan", "--yes", "-f", "schema.yaml"], 1);
    assert!(both.stderr.contains("cannot be used with"), "{}", both.stderr);
}

#[test]
fn a_saved_plan_holds_no_secret() {
    let cluster = own_cluster();
    let database = Database::named(cluster.server(), "shop");
    let roles = "roles: { app: { login: true, password: { env: APP_PASSWORD } } }\n";
    let project = Project::new(&database, &[("schema.yaml", roles)]).env("APP_PASSWORD", "s3cret-of-app");
    project.run(&["plan", "--out", "a.plan"], 0);
    let text = std::fs::read_to_string(project.path().join("a.plan")).expect("saved");
    assert!(text.contains("<from APP_PASSWORD>"), "{text}");
    assert!(!text.contains("s3cret") && !text.contains("SCRAM"), "{text}");
    let none = project.env("APP_PASSWORD", "");
    let output = none.run(&["apply", "a.plan", "--yes"], 3);
    assert!(output.stderr.contains("the environment variable `APP_PASSWORD` is empty"), "{}", output.stderr);
    let project = none.env("APP_PASSWORD", "s3cret-of-app");
    project.run(&["apply", "a.plan", "--yes"], 0);
    assert_eq!(database.psql("select rolpassword like 'SCRAM%' from pg_authid where rolname = 'app'"), "t");
    project.settled();
}
