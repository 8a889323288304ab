//! A column goes on counting where another sequence takes over.

use crate::support::database::Database;
use crate::support::project::Project;

/// A project with one table, whose keys come from a sequence.
fn sale(id: &str, partitioned: bool) -> String {
    let by = "        partition_by: list (id)\n      rest: { partition_of: shop.sale, for: default }\n";
    let rest = if partitioned { by } else { "" };
    format!("schemas:\n  shop:\n    tables:\n      sale:\n        columns: {{ id: {id}, note: text }}\n{rest}")
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
        project.write("schema.yaml", &sale(id, partitioned));
        let output = project.apply();
        assert!(!output.stdout.contains("with its position"), "{}", output.stdout);
        let count = database.psql("insert into shop.sale (note) values ('a'); select max(id), count(*) from shop.sale");
        assert_eq!(count.trim(), format!("{0}|{0}", i + 1), "{id}, {partitioned}");
        project.settled();
    }
}
