//! Where texts are settled: on the server itself, on another one, on one of our own; and what is left of it.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use dbstate::local::Server;

use crate::support::binary::command;
use crate::support::cluster::{own_cluster, own_cluster_with};
use crate::support::database::Database;
use crate::support::program::server_user;
use crate::support::project::Project;

const SCHEMA: &str = r#"
roles: { reader: { external: true } }
schemas:
  app:
    tables:
      notes:
        columns: { id: bigint identity, kind: varchar(5) not null default 'x', at: timestamptz default now() - interval '1 day' }
        primary_key: [id]
        checks: { notes_kind: "kind in ('x', 'y')" }
        rls: enabled
        policies: { own: { to: [reader], using: "kind != 'z'" } }
    views: { xs: "select id, upper(kind) as kind from app.notes where kind = 'x'" }
"#;

/// Databases that a run left behind.
const LEFT: &str = "select count(*) from pg_database where datname like 'dbstate_scratch%'";

/// A project that was applied without a ledger, in a cluster with a role that may only read.
fn applied(database: &Database<'_>) -> Project {
    database.psql("create role reader; create role guest login");
    let project = Project::new(database, &[("schema.yaml", SCHEMA), ("dbstate.yaml", "ledger: off\n")]);
    project.apply();
    project.settled();
    project
}

#[test]
fn a_role_that_may_only_read_asks_a_server_of_our_own() {
    let cluster = own_cluster();
    let database = Database::named(cluster.server(), "own");
    let project = applied(&database).user("guest");
    let plan = project.run(&["plan", "--exit-code"], 0);
    assert_eq!(plan.stderr, "", "nothing to warn of");
    project.write("schema.yaml", &SCHEMA.replace("kind in ('x', 'y')", "kind in ('x', 'y', 'z')"));
    let plan = project.run(&["plan", "--exit-code"], 2);
    assert!(plan.stdout.contains("Plan: 0 to add, 0 to change, 1 to replace, 0 to drop."), "{}", plan.stdout);
}

#[test]
fn more_tables_than_the_lock_table_has_room_for_are_settled() {
    let cluster = own_cluster_with(&[("max_locks_per_transaction", "10"), ("max_connections", "20")]);
    let database = Database::named(cluster.server(), "many");
    let table = |i| {
        format!(
            "      t{i}: {{ columns: {{ id: int, note: text }}, primary_key: [id], checks: {{ c: 'id in (1, 2)' }} }}\n"
        )
    };
    let schema = "schemas:\n  shop:\n    tables:\n".to_owned() + &(0..250).map(table).collect::<String>();
    let project = Project::new(&database, &[("schema.yaml", &schema), ("dbstate.yaml", "ledger: off\n")]);
    project.run(&["apply", "--yes"], 0);
    assert_eq!(project.run(&["plan", "--exit-code"], 0).stderr, "", "nothing stays in doubt");
    assert_eq!(database.psql(LEFT), "0");
}

#[test]
fn a_url_names_another_server() {
    let [cluster, other] = [own_cluster(), own_cluster()];
    let database = Database::named(cluster.server(), "own");
    let project = applied(&database).user("guest");
    Database::named(other.server(), "x").psql("create role reader; create role maker login createdb");
    let url = other.server().url("postgres").replace("user=postgres", "user=maker");
    let plan = project.run(&["plan", "--exit-code", "--scratch", &url], 0);
    assert_eq!(plan.stderr, "");
    assert_eq!(Database::named(other.server(), "y").psql(LEFT), "0");

    let plan = project.run(&["plan", "--exit-code", "--scratch", "none"], 2);
    assert!(plan.stdout.contains("view `app.xs`"), "{}", plan.stdout);
    let gone = project.run(&["plan", "--scratch", "postgresql:///postgres?host=/nowhere"], 1);
    assert!(gone.stderr.contains("/nowhere"), "{}", gone.stderr);
    let wrong = project.run(&["plan", "--scratch", "postgresql:///postgres?hots=x"], 1);
    assert!(wrong.stderr.contains("hots"), "{}", wrong.stderr);
}

#[test]
fn a_standby_can_be_planned_against() {
    let primary = own_cluster();
    let database = Database::named(primary.server(), "own");
    let project = applied(&database);
    let standby = Standby::of(primary.server());
    let url = format!("postgresql:///own?host={}&user=postgres", standby.directory.path().display());
    assert_eq!(standby.wait(&url), "t");
    let plan = |args: &[&str]| {
        let home = tempfile::tempdir().expect("a home");
        let mut run = command(home.path());
        run.args(args).args(["--exit-code", "-d", &url]).current_dir(project.path());
        let output = run.output().expect("the program runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
        )
    };
    let (code, said) = plan(&["plan"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("warning"), "{said}");
    let (code, said) = plan(&["drift"]);
    assert_eq!(code, Some(0), "{said}");
    project.write("schema.yaml", &SCHEMA.replace("upper(kind)", "lower(kind)"));
    let (code, said) = plan(&["plan"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("Plan: 0 to add, 1 to change, 0 to replace, 0 to drop."), "{said}");
}

#[test]
fn a_killed_run_leaves_a_database_that_the_next_one_removes() {
    let cluster = own_cluster();
    let database = Database::named(cluster.server(), "own");
    database.psql("create schema app; create materialized view app.slow as select 2 as a where false");
    let slow = "schemas: { app: { materialized_views: { slow: \"select 1 as a from pg_sleep(60)\" } } }\n";
    let project = Project::new(&database, &[("schema.yaml", slow)]);
    let home = tempfile::tempdir().expect("a home");
    let mut run = command(home.path());
    run.args(["plan", "-d", &database.url()]).current_dir(project.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut run = run.spawn().expect("the program starts");
    let sleeps =
        "select count(*) from pg_stat_activity where datname like 'dbstate_scratch%' and wait_event = 'PgSleep'";
    until(|| database.psql(sleeps) == "1");
    run.kill().and_then(|()| run.wait()).expect("killed");
    assert_eq!(database.psql(LEFT), "1", "it had no time to tidy up");

    project.write("schema.yaml", &slow.replace("1 as a from pg_sleep(60)", "2 as a where 1 = 0"));
    until(|| {
        project.run(&["plan"], 0);
        database.psql(LEFT) == "0"
    });
}

/// Waits up to half a minute.
#[track_caller]
fn until(mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < end, "it took too long");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A copy of a cluster that stays in recovery, stopped when dropped.
struct Standby {
    directory: tempfile::TempDir,
    postgres: std::process::Child,
}

impl Standby {
    fn of(primary: &Server) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let data = String::from_utf8(
            primary.psql_command("postgres").args(["-AtXc", "show data_directory"]).output().expect("psql runs").stdout,
        );
        let data = data.expect("UTF-8");
        primary.stop().expect("it stops");
        let run = |command: &mut Command| assert!(command.status().expect("it runs").success(), "{command:?}");
        run(Command::new("cp").arg("-a").arg(data.trim_end()).arg(directory.path().join("data")));
        primary.start().expect("it starts");
        let path = directory.path();
        std::fs::write(path.join("data/standby.signal"), "").expect("a file");
        _ = std::fs::remove_file(path.join("data/postmaster.pid"));
        let mut command = Command::new(primary.bin("postgres"));
        if let Some((uid, gid)) = server_user() {
            use std::os::unix::process::CommandExt;
            run(Command::new("chown").arg("-R").arg(format!("{uid}:{gid}")).arg(path));
            command.uid(uid).gid(gid);
        }
        command.current_dir("/").arg("-D").arg(path.join("data")).arg("-k").arg(path);
        command.args(["-p", "5432", "-c", "listen_addresses=", "-c", "max_connections=200", "-c", "wal_level=logical"]);
        let log = std::fs::File::create(path.join("log")).expect("a log");
        let postgres = command.stdout(Stdio::null()).stderr(log).spawn().expect("postgres starts");
        Self { directory, postgres }
    }

    /// Waits until it takes queries; whether it is in recovery.
    fn wait(&self, url: &str) -> String {
        let mut answer = String::new();
        until(|| {
            let output =
                Command::new("psql").args(["-AtXc", "select pg_is_in_recovery()", url]).output().expect("psql runs");
            String::from_utf8_lossy(&output.stdout).trim().clone_into(&mut answer);
            output.status.success()
        });
        answer
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        _ = Command::new("kill").args(["-QUIT", &self.postgres.id().to_string()]).status();
        _ = self.postgres.wait();
    }
}
