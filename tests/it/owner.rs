//! A role that is no superuser and owns its schema plans and applies it.

use crate::support::cluster::own_cluster;
use crate::support::database::Database;
use crate::support::project::Project;

const SCHEMA: &str = r#"
schemas:
  app:
    tables:
      notes:
        comment: What was said
        columns:
          id: bigint identity
          kind: varchar(5) not null default 'x'
        primary_key: [id]
        checks: { notes_kind: "kind in ('x', 'y')" }
        indexes: { notes_lower: [lower(kind)] }
    views: { xs: "select id, upper(kind) as kind from app.notes where kind = 'x'" }
    functions:
      next(int): { args: a int, returns: int, language: sql, body: select a + 1 }
"#;
const UNSETTLED: &str = "differ only in spelling could not be settled: role `deploy` may not create databases, and no \
                         server of our own could do it: ";

#[test]
fn with_createdb_texts_are_compared_by_postgresql() {
    let cluster = own_cluster();
    let database = Database::named(cluster.server(), "own");
    database.psql("create role maker login createdb; create schema app authorization maker");
    let project = Project::new(&database, &[("schema.yaml", SCHEMA)]).user("maker");
    let first = project.run(&["apply", "--yes"], 0);
    assert!(first.stderr.contains("the ledger in schema `dbstate` could not be written"), "{}", first.stderr);
    project.settled();
    let again = project.run(&["apply", "--yes"], 0);
    assert!(again.stdout.contains("Nothing to do"), "{}", again.stdout);
    assert_eq!(database.psql("select pg_get_userbyid(relowner) from pg_class where relname = 'notes'"), "maker");
}

#[test]
fn without_createdb_the_ledger_remembers() {
    let cluster = own_cluster();
    let database = Database::named(cluster.server(), "own");
    database.psql(
        "create role deploy login; create schema app authorization deploy; grant create on database own to deploy",
    );
    let project = Project::new(&database, &[("schema.yaml", SCHEMA)]).user("deploy");
    let first = project.run(&["apply", "--yes"], 0);
    assert_eq!(first.stderr, "", "nothing to warn of");
    project.settled();

    project.write("schema.yaml", &SCHEMA.replace("lower(kind)", "lower( kind )").replace("'y'", "'y', 'z'"));
    project.run(&["apply", "--yes", "--allow", "block"], 0);
    project.settled();
}

#[test]
fn without_createdb_and_ledger_texts_are_compared_as_written() {
    let cluster = own_cluster();
    let database = Database::named(cluster.server(), "own");
    database.psql("create role deploy login; create schema app authorization deploy");
    let project = Project::new(&database, &[("schema.yaml", SCHEMA)]).user("deploy");
    project.run(&["apply", "--yes"], 0);
    let plan = project.run(&["plan", "--exit-code", "--scratch", "none"], 2);
    assert_eq!(plan.stderr, "", "that was asked for");
    let project = project.env("DBSTATE_PG_BIN", "/nowhere");
    let plan = project.run(&["plan", "--exit-code"], 2);
    assert!(plan.stderr.contains(UNSETTLED), "{}", plan.stderr);
    assert!(plan.stdout.contains("Plan: 0 to add, 1 to change, 2 to replace, 0 to drop."), "{}", plan.stdout);
    assert!(!plan.stdout.contains("hazard data"), "{}", plan.stdout);
    project.run(&["apply", "--yes", "--allow", "block"], 0);
}
