//! What is told of a plan that waits or takes long: who holds locks, how far a statement is, whether there is room.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use crate::support::binary::command;
use crate::support::cluster::own_cluster_with;
use crate::support::database::Database;
use crate::support::project::Project;

const BEFORE: &str = "schemas: { shop: { tables: { a: { columns: { id: int, no: int } } } } }\n";

/// A table of a few rows, and a project that adds a column and an index to it.
fn filled() -> (Database<'static>, Project) {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", BEFORE)]);
    project.apply();
    database.psql("insert into shop.a select i, i from generate_series(1, 100) i");
    project.write("schema.yaml", &BEFORE.replace("no: int }", "no: int, more: text }, indexes: { a_no: [no] }"));
    (database, project)
}

/// Runs `act` while a client has the table in an open transaction, which it keeps for some seconds.
fn while_written(database: &Database<'_>, seconds: u32, act: impl FnOnce()) {
    std::thread::scope(|threads| {
        let sql = format!("begin; update shop.a set no = 0 where id = 1; select pg_sleep({seconds}); commit");
        let client = threads.spawn(move || database.psql(&sql));
        let writing = "select count(*) from pg_locks where relation = 'shop.a'::regclass and mode = 'RowExclusiveLock'";
        while database.psql(writing) == "0" && !client.is_finished() {
            std::thread::sleep(Duration::from_millis(20));
        }
        act();
        client.join().expect("the client ended well");
    });
}

#[test]
fn a_plan_says_who_holds_locks() {
    let (database, project) = filled();
    let free = project.run(&["plan", "--activity"], 0);
    assert!(!free.stdout.contains("-- now:"), "{}", free.stdout);
    while_written(&database, 8, || {
        let plan = project.run(&["plan", "--activity"], 0).stdout;
        let line = plan.lines().find(|line| line.contains("-- now: process ")).unwrap_or_else(|| panic!("{plan}"));
        for told in ["role `postgres`, psql, active", "holds row exclusive", "in a transaction of "] {
            assert!(line.contains(told), "{told}: {line}");
        }
        let plan = project.run(&["plan", "--activity", "--format", "json"], 0).stdout;
        let plan: serde_json::Value = serde_json::from_str(&plan).expect("JSON");
        let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/plan.schema.json");
        let schema = serde_json::from_str(&std::fs::read_to_string(schema).expect("there")).expect("JSON");
        jsonschema::validate(&schema, &plan).unwrap_or_else(|e| panic!("{e} at {}", e.instance_path()));
        let holder = &plan["steps"][0]["activity"][0];
        assert_eq!((&holder["role"], &holder["granted"]), (&"postgres".into(), &true.into()), "{plan}");
        assert!(!project.run(&["plan"], 0).stdout.contains("-- now:"));
    });
}

#[test]
fn a_statement_that_takes_long_says_how_far_it_is() {
    let (database, project) = filled();
    project.write("schema.yaml", &BEFORE.replace("no: int }", "no: int }, indexes: { a_no: [no] }"));
    while_written(&database, 12, || {
        let output = project.run(&["apply", "--yes", "--lock-timeout", "1min"], 0);
        let line =
            output.stderr.lines().find(|line| line.starts_with("create index concurrently a_no on shop.a (no): "));
        let line = line.unwrap_or_else(|| panic!("{}", output.stderr));
        for told in ["waiting for writers before build", ", for ", "waits for process "] {
            assert!(line.contains(told), "{told}: {line}");
        }
    });
    project.settled();
}

#[test]
fn an_interrupt_ends_the_wait_for_another_apply() {
    let (database, project) = filled();
    // The lock that keeps applies apart: the letters `dbstate` as a number.
    let held = "select pg_advisory_lock(28255745684370533);
                do $$ begin
                    for i in 1..600 loop
                        exit when exists (select from shop.a where id = -1);
                        perform pg_sleep(0.1);
                    end loop;
                end $$";
    std::thread::scope(|threads| {
        let holder = threads.spawn(|| database.psql(held));
        let holds = "select count(*) from pg_locks where locktype = 'advisory' and granted
                     and database = (select oid from pg_database where datname = current_database())";
        while database.psql(holds) == "0" && !holder.is_finished() {
            std::thread::sleep(Duration::from_millis(20));
        }
        let home = tempfile::tempdir().expect("a directory");
        let mut child = command(home.path())
            .args(["apply", "--yes", "-d", &database.url()])
            .current_dir(project.path())
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut said = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let waits = said.next().expect("a line").expect("UTF-8");
        assert!(waits.starts_with("another apply runs on this database (process "), "{waits}");
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal");
        assert_eq!(child.wait().expect("it ends").code(), Some(130));
        assert!(!holder.is_finished(), "it did not wait for the end of the other");
        database.psql("insert into shop.a values (-1, 0)");
    });
    project.run(&["plan", "--exit-code"], 2);
}

#[test]
fn a_plan_that_the_lock_table_has_no_room_for_is_parted() {
    let cluster = own_cluster_with(&[("max_locks_per_transaction", "10"), ("max_connections", "20")]);
    let database = Database::named(cluster.server(), "small");
    let project = Project::new(&database, &[("schema.yaml", &tables(300))]);
    let output = project.run(&["apply", "--offline", "--yes"], 3);
    let text = output.stderr.replace("\n  | ", " ").replace("\n        ", " ");
    for told in ["takes about 900 locks", "lock table holds 200", "set `max_locks_per_transaction` to 45 or more"] {
        assert!(text.contains(told), "{told}:\n{text}");
    }
    let sql = project.run(&["plan", "--format", "sql"], 0).stdout;
    assert_eq!(sql.matches("begin;").count(), 10, "33 tables each:\n{sql}");
    project.run(&["apply", "--yes"], 0);
    project.settled();
    // Drops are parted, too.
    project.write("schema.yaml", &tables(10));
    let sql = project.run(&["plan", "--format", "sql"], 0).stdout;
    assert_eq!(sql.matches("begin;").count(), 9, "{sql}");
    project.run(&["apply", "--yes", "--allow", "data,breaking"], 0);
    project.settled();
}

/// So many small tables.
fn tables(count: usize) -> String {
    let table = |i| format!("      t{i}: {{ columns: {{ id: int }} }}\n");
    "schemas:\n  shop:\n    tables:\n".to_owned() + &(0..count).map(table).collect::<String>()
}
