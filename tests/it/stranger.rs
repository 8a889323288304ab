//! What the project does not manage is never taken from: the plan is refused, and says by what.

use crate::support::cluster::cluster;
use crate::support::database::Database;
use crate::support::project::Project;

const BEFORE: &str = r"
schemas:
  shop:
    enums: { status: [new, paid] }
    tables:
      orders:
        columns: { id: bigint, status: shop.status, total: integer, note: text }
      lines:
        columns: { day: date, what: text }
        partition_by: range (day)
";

/// A project that was applied, and what somebody put beside it.
fn beside(sql: &str) -> (Database<'static>, Project) {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", BEFORE)]);
    project.run(&["apply", "--yes"], 0);
    database.psql(sql);
    (database, project)
}

/// What a change of the project is refused with; nothing was done.
fn refused(project: &Project, from: &str, to: &str) -> String {
    assert!(BEFORE.contains(from), "{from}");
    project.write("schema.yaml", &BEFORE.replace(from, to));
    let all = ["apply", "--yes", "--allow", "data,access,rewrite,block,breaking"];
    let refused = project.run(&all, 3);
    project.write("schema.yaml", BEFORE);
    project.settled();
    refused.stderr
}

#[test]
fn a_view_beside_the_project_keeps_what_it_reads() {
    let (database, project) = beside(
        "create schema report; create view report.open as select id, total from shop.orders where status = 'new'",
    );
    let lost = refused(&project, "id: bigint, status", "status");
    assert!(lost.contains("column `shop.orders.id` can't be dropped: view `report.open` uses it"), "{lost}");
    let lost = refused(&project, "total: integer", "total: bigint");
    assert!(lost.contains("column `shop.orders.total` can't be changed: view `report.open` uses it"), "{lost}");
    assert!(lost.contains("schema.yaml:7"), "{lost}");
    let lost = refused(&project, "[new, paid]", "[new]");
    assert!(lost.contains("enum type `shop.status` can't be changed: view `report.open` uses it"), "{lost}");
    let lost = refused(&project, "      orders:", "      others:");
    assert_eq!(lost.matches("view `report.open` uses it").count(), 1, "said once of the whole table: {lost}");

    // What it does not read may change.
    project.write("schema.yaml", &BEFORE.replace("note: text", "note: varchar(9), more: int"));
    project.run(&["apply", "--yes", "--allow", "data,rewrite,block"], 0);
    project.settled();
    assert_eq!(database.psql("select count(*) from report.open"), "0");
}

#[test]
fn a_partition_beside_the_project_keeps_its_rows() {
    let (database, project) = beside(
        "create schema archive;
         create table archive.lines_1 partition of shop.lines for values from ('2020-01-01') to ('2021-01-01');
         insert into shop.lines values ('2020-05-05', 'kept')",
    );
    let lines = &BEFORE[BEFORE.find("      lines:").expect("it is there")..];
    let lost = refused(&project, lines, "");
    assert!(lost.contains("table `shop.lines` can't be dropped: table `archive.lines_1` would go with it"), "{lost}");
    assert_eq!(database.psql("select what from shop.lines"), "kept");
}

#[test]
fn what_postgresql_cannot_make_merely_inherited_stays_the_tables_own() {
    let database = Database::create();
    database.psql(
        "create schema shop; create table shop.things (id int, note text);
        create table shop.toys (id int, note text); create table shop.tools (id int) inherits (shop.things)",
    );
    let schema = "schemas:\n  shop:\n    tables:\n      things: { columns: { id: int, note: text } }\n      \
        toys: { inherits: [things] }\n      tools: { inherits: [things] }\n";
    let project = Project::new(&database, &[("schema.yaml", schema)]);
    let plan = project.run(&["plan", "--format", "sql"], 0).stdout;
    assert!(plan.contains("\nalter table shop.toys inherit shop.things;\n") && !plan.contains("tools"), "{plan}");
    project.apply();
    project.run(&["plan", "--exit-code"], 0);
    // One column of two can't become the table's own either: the other would become so, too.
    project.write("schema.yaml", &schema.replace("tools: { ", "tools: { columns: { note: text }, "));
    project.run(&["plan", "--exit-code"], 0);
}

#[test]
fn what_goes_with_everything_else_lets_go_first() {
    let (database, project) = beside("");
    let columns = if cluster().version().major >= 15 { " (id, note)" } else { "" };
    database.psql(&format!("create publication news for table shop.orders{columns}"));
    project.write("dbstate.yaml", "manage: database\n");
    project.write("schema.yaml", &BEFORE.replace(", note: text", ""));
    project.apply();
    assert_eq!(database.psql("select count(*) from pg_publication"), "0");
    project.settled();
}
