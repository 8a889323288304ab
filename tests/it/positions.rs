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
