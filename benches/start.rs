//! The wait of every run: the program's start, and a plan of the Activity database that finds nothing to do.
//!
//! Beside two measures of the machine, `psql -c 'select 1'` and `pg_dump --schema-only`.

use std::path::Path;
use std::time::Duration;

use dbstate::local::{Ephemeral, Options};

use crate::measure::{Goal, Measure, report, run as once};
use crate::scale::{client, dbstate};

/// Runs of every command.
const ROUNDS: usize = 60;

/// The median of `psql -c 'select 1'` above which the machine is too busy to judge.
const BUSY: Duration = Duration::from_millis(20);

/// Measures it; false where a goal is missed, unless psql itself is so slow that the machine must be busy.
pub fn run() -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cluster = Ephemeral::start(&Options { durable: false, ..Options::default() }).expect("a private server starts");
    let server = cluster.server();
    let url = server.url("activitydb");
    let dbstate = |args: &[&str]| {
        let mut command = dbstate(root, args);
        command.env("AUTH_API_PASSWORD", "bench-auth").env("WRITE_API_PASSWORD", "bench-write");
        command
    };
    once(&mut client(server, "psql", &["-Xqd", &server.url("postgres"), "-c", "create database activitydb"]));
    once(&mut dbstate(&["apply", "-d", &url, "--yes", "--allow", "access"]));

    let goal = |ms: u64| Goal::Time(Duration::from_millis(ms));
    let mut measures = [
        Measure::new("pg_dump --schema-only", client(server, "pg_dump", &["--schema-only", &url]), Goal::None),
        Measure::new("psql -c 'select 1'", client(server, "psql", &["-Xqd", &url, "-c", "select 1"]), Goal::None),
        Measure::new("dbstate --version", dbstate(&["--version"]), goal(10)),
        Measure::new("dbstate plan, nothing to do", dbstate(&["plan", "--exit-code", "-d", &url]), goal(60)),
    ];
    for _ in 0..ROUNDS {
        measures.iter_mut().for_each(Measure::run);
    }
    println!("The Activity database, PostgreSQL {}, {ROUNDS} runs in turns\n", server.version());
    let missed = report(&measures);
    let busy = measures[1].median() > BUSY;
    if busy {
        println!("this machine is busy: `psql` alone takes longer than {} ms; no goal is judged\n", BUSY.as_millis());
    }
    missed == 0 || busy
}
