//! Applies to tables that hold rows, while clients are at work: locks that are not to be had, applies that break off.

use std::time::Duration;

use crate::support::cluster::own_cluster;
use crate::support::database::Database;
use crate::support::project::Project;

const BEFORE: &str = "schemas:
  shop:
    tables:
      a:
        columns: { id: int not null, no: int, note: text }
";

const AFTER: &str = "schemas:
  shop:
    tables:
      a:
        columns: { id: int not null, no: int not null, note: text }
        primary_key: [id]
        unique: { a_no: [no] }
        checks: { a_id: id > 0 }
        indexes: { a_note: [note] }
";

fn filled() -> (Database<'static>, Project) {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", BEFORE)]);
    project.apply();
    database.psql("insert into shop.a select i, i, 'n' || i from generate_series(1, 100) i");
    (database, project)
}

#[test]
fn a_lock_that_is_not_to_be_had_is_tried_for_again() {
    let (database, project) = filled();
    project.write("schema.yaml", AFTER);
    std::thread::scope(|threads| {
        // A client that keeps the table to itself for longer than one try waits.
        threads.spawn(|| database.psql("begin; lock table shop.a; select pg_sleep(2); commit"));
        std::thread::sleep(Duration::from_millis(500));
        let output = project.run(&["apply", "--yes", "--lock-timeout", "200ms"], 0);
        assert!(output.stderr.contains("a lock is not to be had; try 1 in"), "{}", output.stderr);
    });
    project.run(&["plan", "--exit-code"], 0);
    assert_eq!(database.psql("select count(*) from shop.a"), "100");
}

#[test]
fn a_role_that_is_changed_from_another_database_at_once_is_tried_for_again() {
    let cluster = own_cluster();
    let [database, other] = [Database::create_in(cluster.server()), Database::create_in(cluster.server())];
    let roles = |limit: u32| format!("roles: {{ app: {{ connection_limit: {limit} }} }}\nschemas: {{ shop: {{}} }}\n");
    let project = Project::new(&database, &[("schema.yaml", &roles(1))]);
    project.apply();
    project.write("schema.yaml", &roles(2));
    std::thread::scope(|threads| {
        // Who changed it first commits once the apply waits for the row.
        threads.spawn(|| {
            other.psql(
                "begin; alter role app connection limit 3;
                 do $$ begin for i in 1..600 loop
                     perform pg_stat_clear_snapshot();
                     exit when exists (select from pg_stat_activity where wait_event_type = 'Lock');
                     perform pg_sleep(0.05);
                 end loop; end $$;
                 commit",
            )
        });
        let holds =
            "select count(*) from pg_locks where relation = 'pg_authid'::regclass and mode = 'RowExclusiveLock'";
        while database.psql(holds) == "0" {
            std::thread::sleep(Duration::from_millis(50));
        }
        let output = project.run(&["apply", "--yes", "--lock-timeout", "60s"], 0);
        assert!(output.stderr.contains("try 1 in"), "{}", output.stderr);
    });
    assert_eq!(database.psql("select rolconnlimit from pg_roles where rolname = 'app'"), "2");
}

#[test]
fn a_lock_that_never_comes_is_an_error_that_says_what_stays() {
    let (database, project) = filled();
    project.write("schema.yaml", &BEFORE.replace("note: text", "note: text, more: int"));
    let before = database.pg_dump();
    std::thread::scope(|threads| {
        threads.spawn(|| database.psql("begin; lock table shop.a; select pg_sleep(20); commit"));
        std::thread::sleep(Duration::from_millis(500));
        let output = project.run(&["apply", "--yes", "--lock-timeout", "10ms"], 1);
        assert!(
            output.stderr.contains("\nlock\n") && output.stderr.contains("nothing was changed"),
            "{}",
            output.stderr
        );
    });
    assert_eq!(database.pg_dump(), before);
}

#[test]
fn rows_that_do_not_fit_leave_a_state_from_which_the_next_apply_goes_on() {
    let (database, project) = filled();
    database.psql("insert into shop.a values (101, 1, 'twice')");
    project.write("schema.yaml", AFTER);
    let output = project.run(&["apply", "--yes"], 1);
    assert!(output.stderr.contains("a_no") && output.stderr.contains("the next apply goes on"), "{}", output.stderr);
    // The index that could not be built is there and not valid.
    assert_eq!(database.psql("select count(*) from pg_index where not indisvalid"), "1");
    database.psql("delete from shop.a where id = 101");
    project.run(&["apply", "--yes", "--allow", "block"], 0);
    project.run(&["plan", "--exit-code"], 0);
    assert_eq!(database.psql("select count(*) from pg_index where not indisvalid"), "0");
    let straight = Database::create();
    Project::new(&straight, &[("schema.yaml", AFTER)]).apply();
    assert_eq!(database.pg_dump(), straight.pg_dump());
}

#[test]
fn every_prefix_of_an_apply_is_a_state_from_which_the_next_goes_on() {
    let (_database, project) = filled();
    project.write("schema.yaml", AFTER);
    let script = project.run(&["plan", "--format", "sql"], 0).stdout;
    let statements: Vec<&str> = script.split_inclusive(";\n").collect();
    let straight = Database::create();
    Project::new(&straight, &[("schema.yaml", AFTER)]).apply();
    let want = straight.pg_dump();
    for end in 1..statements.len() {
        let (database, project) = filled();
        let ran: String = statements[..end].concat();
        database.psql(&format!("{ran}rollback;")); // psql sends its input statement by statement
        project.write("schema.yaml", AFTER);
        project.run(&["apply", "--yes", "--allow", "block"], 0);
        project.run(&["plan", "--exit-code"], 0);
        assert_eq!(database.pg_dump(), want, "after {ran}");
        assert_eq!(database.psql("select count(*) from shop.a"), "100");
    }
}

#[test]
fn offline_takes_one_transaction_and_says_who_waits() {
    let (_database, project) = filled();
    project.write("schema.yaml", AFTER);
    let online = project.run(&["plan"], 0).stdout;
    assert!(online.contains("create index concurrently") && !online.contains("hazard block"), "{online}");
    let offline = project.run(&["plan", "--offline"], 0).stdout;
    assert!(
        offline.contains("hazard block: builds the index while writers wait (") && offline.contains(" kB)"),
        "{offline}"
    );
    assert!(!offline.contains("concurrently") && !offline.contains("not valid"), "{offline}");
    project.run(&["apply", "--yes", "--offline"], 3);
    project.run(&["apply", "--yes", "--offline", "--allow", "block"], 0);
    project.run(&["plan", "--exit-code"], 0);
}
