//! A database with an object of every kind (`tests/every_kind`): changed by hand and put right, pulled, and failed on.
//!
//! It has roles, so each test has a cluster of its own.

mod by_hand;

use dbstate::local::Ephemeral;

use crate::support::cluster::own_cluster;
use crate::support::database::{Database, pg_dumpall_roles, same, unordered};
use crate::support::project::Project;
use by_hand::ByHand;

const SCHEMA: &str = include_str!("../../every_kind/schema.yaml");
const ROLES: &str = include_str!("../../every_kind/roles.yaml");

/// Rows that outlive what is done to the database.
const ROWS: &str =
    "insert into shop.users (email, name, score) values ('ada@example.org', 'Ada', 1), ('b@x', 'B', null);
                    insert into shop.orders (user_id, total) values (1, 10), (2, 20), (2, 30);";
const COUNT: &str = "select (select count(*) from shop.users), (select sum(total) from shop.orders)";

fn database(cluster: &Ephemeral) -> Database<'_> {
    Database::named(cluster.server(), "every")
}

/// The project, applied to that database, with rows.
fn applied(database: &Database<'_>) -> Project {
    let project = Project::new(database, &[("schema.yaml", SCHEMA), ("roles.yaml", ROLES)]);
    project.run(&["apply", "--yes", "--allow", "access"], 0);
    project.settled();
    database.psql(ROWS);
    project
}

/// Does each thing by hand: `drift` names it, `apply` undoes it, nothing is left, and no row is lost.
fn undone(changes: &[ByHand]) {
    let cluster = own_cluster();
    let database = database(&cluster);
    let project = applied(&database);
    let before = (database.pg_dump(), pg_dumpall_roles(cluster.server()));
    for (sql, names) in changes {
        database.psql(sql);
        let drift = project.run(&["drift"], 2).stdout;
        for name in names.split("; ") {
            assert!(drift.contains(name), "after `{sql}` drift does not name {name}:\n{drift}");
        }
        project.apply();
        project.settled();
        assert_eq!(database.psql(COUNT), "2|60.00", "rows after `{sql}`");
    }
    same(&unordered(&database.pg_dump()), &unordered(&before.0));
    same(&unordered(&pg_dumpall_roles(cluster.server())), &unordered(&before.1));
}

#[test]
fn what_is_done_to_schemas_by_hand_is_undone() {
    undone(by_hand::STRUCTURE);
}

#[test]
fn what_is_done_to_roles_and_the_database_by_hand_is_undone() {
    undone(by_hand::ROLES);
}

#[test]
fn what_is_granted_and_revoked_by_hand_is_undone() {
    undone(by_hand::GRANTS);
}

#[test]
fn owners_and_comments_changed_by_hand_are_undone() {
    undone(by_hand::FACETS);
}

#[test]
fn a_second_apply_changes_nothing() {
    let cluster = own_cluster();
    let database = database(&cluster);
    let project = applied(&database);
    let before = (database.pg_dump(), pg_dumpall_roles(cluster.server()));
    let again = project.run(&["apply", "--yes"], 0);
    assert!(again.stdout.contains("Nothing to do"), "{}", again.stdout);
    same(&database.pg_dump(), &before.0);
    same(&pg_dumpall_roles(cluster.server()), &before.1);
}

#[test]
fn what_is_pulled_is_the_database() {
    let cluster = own_cluster();
    let database = database(&cluster);
    let project = applied(&database);
    project.run(&["pull", "-q", "-o", "pulled"], 0);
    let pulled = project.path().join("pulled");
    let pulled = pulled.to_str().expect("UTF-8");
    assert_eq!(project.run(&["plan", "--exit-code", "--format", "sql", "-f", pulled], 0).stdout, "");

    let fresh = own_cluster();
    let built = Database::named(fresh.server(), "every");
    let from_pull = Project::new(&built, &[]);
    from_pull.run(&["apply", "--yes", "--allow", "access", "-f", pulled], 0);
    from_pull.run(&["plan", "--exit-code", "-f", pulled], 0);
    same(&built.pg_dump(), &database.pg_dump());
    same(&unordered(&pg_dumpall_roles(fresh.server())), &unordered(&pg_dumpall_roles(cluster.server())));
}

#[test]
fn a_failed_apply_leaves_the_database_as_it_was() {
    let cluster = own_cluster();
    let database = database(&cluster);
    let project = applied(&database);
    let before = (database.pg_dump(), pg_dumpall_roles(cluster.server()));
    let changed = SCHEMA
        .replace("users_score: score >= 0", "users_score: score >= 100")
        .replace("  spare:\n", "  more: { tables: { t: { columns: { id: bigint } } } }\n\n  spare:\n");
    project.write("schema.yaml", &changed);
    project.write("roles.yaml", &ROLES.replace("connection_limit: 50", "connection_limit: 49"));

    let refused = project.run(&["apply", "--yes", "--offline", "--allow", "block"], 1).stderr;
    let at = changed.lines().position(|l| l.contains("users_score")).expect("declared") + 1;
    for part in [
        format!("schema.yaml:{at}:"),
        "add constraint users_score check (score >= 100)".to_owned(),
        "is violated by some row".to_owned(),
        "nothing was changed".to_owned(),
    ] {
        assert!(refused.contains(&part), "{part} is not in:\n{refused}");
    }
    same(&database.pg_dump(), &before.0);
    same(&pg_dumpall_roles(cluster.server()), &before.1);
    assert_eq!(database.psql(COUNT), "2|60.00");
}
