//! A column goes on counting where another sequence takes over.

use crate::support::database::Database;
use crate::support::project::Project;

/// A project with two tables of one name, whose keys come from sequences.
fn sales(id: &str, partitioned: bool) -> String {
    let schema = |name: &str| {
        let by =
            format!("        partition_by: list (id)\n      rest: {{ partition_of: {name}.sale, for: default }}\n");
        let rest = if partitioned { by } else { String::new() };
        format!("  {name}:\n    tables:\n      sale:\n        columns: {{ id: {id}, note: text }}\n{rest}")
    };
    format!("schemas:\n{}{}", schema("shop"), schema("store"))
}

#[test]
fn keys_go_on_where_another_sequence_takes_over() {
    let database = Database::create();
    let project = Project::new(&database, &[]);
    let changes = [
        ("serial", false),
        ("int identity", false),
        ("serial", false),
        ("int identity", true),
        ("serial", false),
        ("serial", true),
        ("int identity", false),
    ];
    for (i, (id, partitioned)) in changes.into_iter().enumerate() {
        project.write("schema.yaml", &sales(id, partitioned));
        let output = project.apply();
        assert!(!output.stdout.contains("with its position"), "{}", output.stdout);
        for table in ["shop.sale", "store.sale"] {
            let sql = format!("insert into {table} (note) values ('a'); select max(id), count(*) from {table}");
            assert_eq!(database.psql(&sql).trim(), format!("{0}|{0}", i + 1), "{table}, {id}, {partitioned}");
        }
        project.settled();
    }
}

#[test]
fn an_identity_begins_after_the_rows_that_are_there() {
    let database = Database::create();
    database.psql(
        "create schema shop;
         create table shop.\"Sold\" (\"No\" int not null, below int not null, late bigint not null, note text);
         insert into shop.\"Sold\" select i, -i, i from generate_series(1, 40) as i;
         create table shop.none (id int not null, note text)",
    );
    let schema = "schemas:
  shop:
    tables:
      Sold:
        columns:
          No: int identity
          below: { type: int, identity: { options: { increment: -2 } } }
          late: { type: bigint, identity: { mode: by default, options: { start: 1000 } } }
          note: text
      none: { columns: { id: int identity, note: text } }
";
    let project = Project::new(&database, &[("schema.yaml", schema)]);
    let output = project.apply();
    assert!(!output.stdout.contains("from shop.none"), "nothing is there to look at: {}", output.stdout);
    let insert = "insert into shop.\"Sold\" (note) values ('a') returning \"No\", below, late";
    assert_eq!(database.psql(insert).trim(), "41|-42|1000");
    assert_eq!(database.psql("insert into shop.none (note) values ('a') returning id").trim(), "1");
    project.settled();
}
