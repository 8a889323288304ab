//! A connection that ends while a plan runs: the program says what is known of the statement that it took with it.

use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::binary::command;
use crate::support::cluster::{cluster, own_cluster_with};
use crate::support::database::Database;
use crate::support::project::Project;
use crate::support::proxy::{Phase, Proxy};

const BEFORE: &str = "schemas: { shop: { tables: { a: { columns: { id: int } } } } }\n";
const AFTER: &str =
    "schemas: { shop: { tables: { a: { columns: { id: int, no: int }, indexes: { a_id: [id] } } } } }\n";
const INSIDE: &str = "alter table shop.a add column no";
const OUTSIDE: &str = "create index concurrently";

/// A table of some rows, a project that adds a column and an index to it, and a line to both.
struct Bench {
    database: Database<'static>,
    project: Project,
    proxy: Proxy,
}

impl Bench {
    fn new() -> Self {
        let database = Database::create();
        let project = Project::new(&database, &[("schema.yaml", BEFORE)]);
        project.apply();
        database.psql("insert into shop.a select generate_series(1, 100)");
        project.write("schema.yaml", AFTER);
        Self { database, project, proxy: Proxy::to(cluster()) }
    }

    /// The texts of the requests of an apply that is let be, on a copy.
    fn requests(&self) -> Vec<String> {
        let copy = self.database.copy();
        self.proxy.open(None);
        let ended = self.start(copy.name()).wait().expect("it ends");
        assert!(ended.success());
        self.proxy.requests()
    }

    /// The number of the request that begins so.
    fn number(&self, statement: &str) -> usize {
        self.requests().iter().position(|text| text.starts_with(statement)).expect("it is run")
    }

    /// The number of the commit after the statement inside of a transaction.
    fn commit(&self) -> usize {
        let requests = self.requests();
        let at = requests.iter().position(|text| text.starts_with(INSIDE)).expect("it is run");
        at + requests[at..].iter().position(|text| text == "commit").expect("it is committed")
    }

    /// An apply that is held at that request, and the server's process of its session.
    fn hold(&self, number: usize, phase: Phase) -> (Child, i32) {
        self.proxy.open(Some((number, phase)));
        let child = self.start(self.database.name());
        (child, self.held())
    }

    /// The server's process of the session that is held, once one is.
    fn held(&self) -> i32 {
        loop {
            if let Some(process) = self.proxy.held() {
                return process;
            }
            sleep(Duration::from_millis(1));
        }
    }

    fn start(&self, database: &str) -> Child {
        let url = self.proxy.url(database) + "&keepalives_idle=1&keepalives_interval=1&keepalives_count=2";
        let mut command = command(self.project.path());
        command.args(["apply", "--yes", "-d", &url]).current_dir(self.project.path());
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts")
    }

    /// Ends the connections of a program, and takes new ones.
    fn interrupt(&self, child: Child, told: &[&str]) {
        self.proxy.cut();
        self.proxy.open(None);
        says(child, told);
    }

    /// Sees that the next apply ends as declared.
    fn goes_on(&self) {
        self.project.run(&["apply", "--yes"], 0);
        self.project.settled();
        assert_eq!(self.database.psql("select count(*) from shop.a"), "100");
    }
}

/// Sees that a program ends with an error that says this.
fn says(child: Child, told: &[&str]) {
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr).replace("\n  | ", " ").replace("\n        ", " ");
    assert_eq!(output.status.code(), Some(1), "{said}");
    for told in ["connection\n", "the next apply goes on from there"].iter().chain(told) {
        assert!(said.contains(told), "{told}:\n{said}");
    }
}

#[test]
fn a_transaction_that_is_interrupted_is_not_committed() {
    let bench = Bench::new();
    let (child, _) = bench.hold(bench.number(INSIDE), Phase::After);
    bench.interrupt(child, &["lost in the middle of a transaction", "nothing of that transaction was committed"]);
    bench.goes_on();
}

#[test]
fn whoever_interrupts_between_two_statements_stops_the_apply() {
    let bench = Bench::new();
    let (mut child, process) = bench.hold(bench.number(INSIDE), Phase::After);
    // The server waits for the next statement, so a request to cancel one has no effect.
    kill_process(Pid::from_child(&child), Signal::INT).expect("a signal");
    sleep(Duration::from_millis(500));
    bench.proxy.release();
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let gone = format!("select count(*) from pg_stat_activity where pid = {process}");
    while bench.database.psql(&gone) != "0" {
        sleep(Duration::from_millis(5));
    }
    let is_there = "select count(*) from pg_attribute where attrelid = 'shop.a'::regclass and attname = 'no'";
    assert_eq!(bench.database.psql(is_there), "0", "{:?}", bench.proxy.requests());
    bench.goes_on();
}

#[test]
fn of_a_commit_that_is_interrupted_the_server_is_asked() {
    for (phase, told) in [
        (Phase::Before, "the server says that the transaction was not committed"),
        (Phase::After, "the server says that the transaction was committed"),
    ] {
        let bench = Bench::new();
        let (child, process) = bench.hold(bench.commit(), phase);
        let gone = format!("select count(*) from pg_stat_activity where pid = {process}");
        bench.proxy.cut();
        while bench.database.psql(&gone) != "0" {
            sleep(Duration::from_millis(5));
        }
        bench.interrupt(child, &["the connection was lost during a commit", told]);
        bench.goes_on();
    }
}

#[test]
fn of_a_statement_outside_of_transactions_the_server_is_asked() {
    let bench = Bench::new();
    bench.project.write("schema.yaml", &AFTER.replace(", no: int", ""));
    let number = bench.number(OUTSIDE);
    std::thread::scope(|threads| {
        // The index is not built before this ends.
        let writer = threads.spawn(|| {
            bench.database.psql(
                "begin; insert into shop.a values (-1);
                 do $$ begin for i in 1..600 loop
                     perform pg_stat_clear_snapshot();
                     exit when exists (select from pg_stat_activity where application_name = 'stop');
                     perform pg_sleep(0.05);
                 end loop; end $$;
                 rollback",
            )
        });
        let writes = "select count(*) from pg_locks where relation = 'shop.a'::regclass and mode = 'RowExclusiveLock'";
        while bench.database.psql(writes) == "0" {
            sleep(Duration::from_millis(5));
        }
        let (child, process) = bench.hold(number, Phase::Within(Duration::from_millis(200)));
        let runs = format!("process {process} of the server still runs it, and the next apply waits for it");
        bench.interrupt(child, &["lost in the middle of a statement", &runs]);
        bench.database.psql("set application_name = 'stop'; select pg_sleep(0.3)");
        writer.join().expect("it ended well");
    });
    bench.goes_on();
}

#[test]
fn a_session_that_is_ended_says_by_whom() {
    let bench = Bench::new();
    let (child, process) = bench.hold(bench.number(INSIDE), Phase::Before);
    bench.database.psql(&format!("select pg_terminate_backend({process}, 10000)"));
    bench.proxy.release();
    says(child, &["administrator command", "nothing of that transaction was committed"]);
    bench.goes_on();
}

#[test]
fn a_network_that_is_frozen_ends_an_apply() {
    let bench = Bench::new();
    let (child, _) = bench.hold(bench.number(OUTSIDE), Phase::After);
    bench.proxy.freeze();
    says(child, &["the server has said nothing for", "takes no new sessions either", "could not be asked"]);
    bench.proxy.cut();
    bench.goes_on();
}

/// Tables that know each other in a circle.
fn circle(count: usize) -> String {
    let table = |i| {
        let next = (i + 1) % count;
        format!(
            "      t{i}: {{ columns: {{ id: int, next: int }}, primary_key: [id], foreign_keys: {{ t{i}_next: {{ columns: \
             [next], references: shop.t{next}(id) }} }} }}\n"
        )
    };
    "schemas:\n  shop:\n    tables:\n".to_owned() + &(0..count).map(table).collect::<String>()
}

#[test]
fn a_plan_of_several_transactions_goes_on_from_each_of_them() {
    let cluster = own_cluster_with(&[("max_locks_per_transaction", "10"), ("max_connections", "20")]);
    let proxy = Proxy::to(cluster.server());
    let straight = Database::named(cluster.server(), "straight");
    let project = Project::new(&straight, &[("schema.yaml", &circle(90))]);
    let start = |database: &Database<'_>| {
        let mut command = command(project.path());
        command.args(["apply", "--yes", "-d", &proxy.url(database.name())]).current_dir(project.path());
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts")
    };
    assert!(start(&straight).wait().expect("it ends").success());
    let requests = proxy.requests();
    let commits: Vec<usize> = (0..requests.len()).filter(|&at| requests[at] == "commit").collect();
    assert!(commits.len() > 4, "{requests:?}");
    for (number, &commit) in commits.iter().enumerate().filter(|(number, _)| number % 2 == 1) {
        for phase in [Phase::Before, Phase::After] {
            let database = Database::named(cluster.server(), &format!("cut_{number}_{phase:?}").to_lowercase());
            proxy.open(Some((commit, phase)));
            let child = start(&database);
            while proxy.held().is_none() {
                sleep(Duration::from_millis(1));
            }
            proxy.cut();
            proxy.open(None);
            says(child, &[]);
            let there = database.psql("select count(*) from pg_class where relnamespace = to_regnamespace('shop')");
            let rest = Project::new(&database, &[("schema.yaml", &circle(90))]);
            // A foreign key between tables that are there by now may block writers.
            rest.run(&["apply", "--yes", "--allow", "block"], 0);
            rest.settled();
            assert_eq!(database.pg_dump(), straight.pg_dump(), "{there} relations were there, cut {phase:?} {number}");
        }
    }
}
