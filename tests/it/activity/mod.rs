//! The Activity database, made from `schema.yaml` and `roles.yaml` at the root of the repository.
//!
//! Its oracle is the same database made by hand (`tests/activity/by_hand.sql`). Roles belong to the whole cluster, so each
//! test has a cluster of its own.

mod client;

use dbstate::local::Ephemeral;

use crate::support::cluster::own_cluster;
use crate::support::database::{Database, pg_dumpall_roles, same};
use crate::support::project::Project;
use client::{AUTH_PASSWORD, DATABASE, WRITE_PASSWORD, as_role, config, connect, drive_all, refused, row};

const SCHEMA: &str = include_str!("../../../schema.yaml");
const ROLES: &str = include_str!("../../../roles.yaml");

/// The project, for that database.
fn activity(database: &Database<'_>) -> Project {
    Project::new(database, &[("schema.yaml", SCHEMA), ("roles.yaml", ROLES)])
        .env("AUTH_API_PASSWORD", AUTH_PASSWORD)
        .env("WRITE_API_PASSWORD", WRITE_PASSWORD)
}

/// An empty database for it.
fn empty(cluster: &Ephemeral) -> Database<'_> {
    Database::named(cluster.server(), DATABASE)
}

/// `by_hand.sql` with its psql variables filled in.
fn by_hand() -> String {
    include_str!("../../activity/by_hand.sql")
        .replace(":'auth_api_password'", &literal(AUTH_PASSWORD))
        .replace(":'write_api_password'", &literal(WRITE_PASSWORD))
        .replace(":\"DBNAME\"", DATABASE)
}

/// Roles without the verifiers of their passwords, which are salted.
fn without_salt(roles: &str) -> String {
    roles.lines().map(|line| line.split(" PASSWORD ").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[tokio::test]
async fn a_database_made_by_hand_serves_its_clients() {
    let cluster = own_cluster();
    let database = empty(&cluster);
    database.psql(&by_hand());
    drive_all(&config(&database.url())).await;
}

#[tokio::test]
async fn a_database_made_by_apply_serves_its_clients() {
    let cluster = own_cluster();
    let database = empty(&cluster);
    activity(&database).run(&["apply", "--yes", "--allow", "access"], 0);
    drive_all(&config(&database.url())).await;
}

#[tokio::test]
async fn a_table_declared_later_is_for_write_api() {
    let cluster = own_cluster();
    let database = empty(&cluster);
    let project = activity(&database);
    project.run(&["apply", "--yes", "--allow", "access"], 0);
    let table = "    tables:\n      events: { columns: { id: serial, note: text } }\n";
    project.write("schema.yaml", &SCHEMA.replacen("    tables:\n", table, 1));
    project.run(&["apply", "--yes"], 0);
    project.settled();

    let superuser = config(&database.url());
    let write = connect(&as_role(&superuser, "write_api_user", WRITE_PASSWORD)).await;
    assert_eq!(row(&write, "insert into activity.events (note) values ('one') returning id").await, ["1"]);
    assert_eq!(row(&write, "update activity.events set note = 'two' returning note").await, ["two"]);
    assert_eq!(row(&write, "delete from activity.events returning note").await, ["two"]);
    let denied = tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE;
    refused(&write, "truncate activity.events", &denied).await;
    refused(&write, "select * from activity.users", &denied).await;
    let auth = connect(&as_role(&superuser, "auth_api_user", AUTH_PASSWORD)).await;
    refused(&auth, "select * from activity.events", &denied).await;
}

#[test]
fn a_second_apply_changes_nothing() {
    let cluster = own_cluster();
    let database = empty(&cluster);
    let project = activity(&database);
    project.run(&["apply", "--yes", "--allow", "access"], 0);
    let (schema, roles) = (database.pg_dump(), pg_dumpall_roles(cluster.server()));
    project.settled();
    assert_eq!(project.run(&["plan", "--format", "sql"], 0).stdout, "");
    let again = project.run(&["apply", "--yes"], 0);
    assert!(again.stdout.contains("Nothing to do"), "{}", again.stdout);
    same(&database.pg_dump(), &schema);
    same(&pg_dumpall_roles(cluster.server()), &roles);
}

#[test]
fn a_database_made_by_hand_is_adopted_as_it_is() {
    let cluster = own_cluster();
    let database = empty(&cluster);
    database.psql(&by_hand());
    database.psql(
        "select activity.sp_create_user('ada@example.org', 'x');
         select activity.sp_save_refresh_token((select id from activity.users), 't', 'j', now()::timestamp)",
    );
    let files = "select string_agg(relname || relfilenode, ' ' order by relname) from pg_class
                 where relnamespace = 'activity'::regnamespace and relkind <> 'c'";
    let rows = "select * from activity.users; select * from activity.refresh_tokens";
    let before = (database.psql(files), database.psql(rows));
    let roles = pg_dumpall_roles(cluster.server());

    // Bodies are exact text: by hand they begin with the end of a line. Nothing else differs.
    let project = activity(&database);
    let plan = project.run(&["plan", "--exit-code", "--format", "sql"], 2).stdout;
    let begins: Vec<&str> = plan.lines().filter(|l| l.starts_with("create") || l.starts_with("alter")).collect();
    assert_eq!(begins.len(), 11, "{plan}");
    assert!(begins.iter().all(|l| l.starts_with("create or replace function activity.sp_")), "{begins:#?}");
    project.run(&["apply", "--yes"], 0);
    project.settled();
    assert_eq!((database.psql(files), database.psql(rows)), before);
    same(&pg_dumpall_roles(cluster.server()), &roles);
}

#[test]
fn both_ways_lead_to_the_same_database() {
    let (one, other) = (own_cluster(), own_cluster());
    let (by_us, hand) = (empty(&one), empty(&other));
    activity(&by_us).run(&["apply", "--yes", "--allow", "access"], 0);
    hand.psql(&by_hand());
    activity(&hand).run(&["apply", "--yes"], 0);
    same(&by_us.pg_dump(), &hand.pg_dump());
    let roles = |cluster: &Ephemeral| without_salt(&pg_dumpall_roles(cluster.server()));
    same(&roles(&one), &roles(&other));
}

#[test]
fn what_is_pulled_is_the_database() {
    let cluster = own_cluster();
    let database = empty(&cluster);
    let project = activity(&database);
    project.run(&["apply", "--yes", "--allow", "access"], 0);
    project.run(&["pull", "-q", "-o", "pulled"], 0);
    assert_eq!(project.run(&["plan", "--exit-code", "--format", "sql", "-f", "pulled"], 0).stdout, "");

    let fresh = own_cluster();
    let built = empty(&fresh);
    let from_pull = Project::new(&built, &[]);
    let pulled = project.path().join("pulled");
    let pulled = pulled.to_str().expect("UTF-8");
    from_pull.run(&["apply", "--yes", "--allow", "access", "-f", pulled], 0);
    from_pull.run(&["plan", "--exit-code", "-f", pulled], 0);
    same(&built.pg_dump(), &database.pg_dump());
}

#[test]
fn an_empty_plan_needs_no_scratch_database_once_applied() {
    let cluster = own_cluster();
    let database = empty(&cluster);
    let project = activity(&database);
    project.run(&["apply", "--yes", "--allow", "access"], 0);
    // A database takes the next object identifier when it is made: none was, if only one was used in between.
    let made = || -> u64 {
        let sql =
            "create type public.probe as (); select oid from pg_type where typname = 'probe'; drop type public.probe";
        database.psql(sql).parse().expect("a number")
    };
    let before = made();
    let step = made() - before;
    project.settled();
    assert_eq!(made() - before, 2 * step, "no object was made on the server");
}
