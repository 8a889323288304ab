//! How long a user waits: the program's start, and a plan of the Activity database that finds nothing to do.
//!
//! `make bench` runs it. It prints medians of interleaved runs over a Unix socket to a private server, beside two measures
//! of the machine, `psql -c 'select 1'` and `pg_dump --schema-only`. It ends with 1 where a goal is missed, unless psql
//! itself is so slow that the machine must be busy with something else.

#![expect(clippy::print_stdout, reason = "its output is its result")]

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use dbstate::local::{Ephemeral, Options};

/// Runs of every command.
const ROUNDS: usize = 60;

/// The median of `psql -c 'select 1'` above which the machine is too busy to judge.
const BUSY: Duration = Duration::from_millis(20);

/// A command, and the median it should stay under.
struct Measure {
    name: &'static str,
    command: Command,
    goal: Option<Duration>,
    times: Vec<Duration>,
}

impl Measure {
    fn new(name: &'static str, command: Command, goal: Option<u64>) -> Self {
        Self { name, command, goal: goal.map(Duration::from_millis), times: Vec::new() }
    }

    fn run(&mut self) {
        let begun = Instant::now();
        let output = self.command.output().expect("the program starts");
        self.times.push(begun.elapsed());
        assert!(output.status.success(), "{}: {}", self.name, String::from_utf8_lossy(&output.stderr));
    }

    /// Prints a line; false where the goal is missed.
    fn report(&mut self) -> bool {
        self.times.sort();
        let at = |percent: usize| self.times[(self.times.len() - 1) * percent / 100];
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let met = self.goal.is_none_or(|goal| at(50) < goal);
        let goal = self.goal.map_or_else(String::new, |goal| {
            format!("   goal {:.0} ms: {}", ms(goal), if met { "met" } else { "MISSED" })
        });
        println!("{:<28}{:>8.1} ms   [{:.1} … {:.1}]{goal}", self.name, ms(at(50)), ms(at(5)), ms(at(95)));
        met
    }
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cluster = Ephemeral::start(&Options { durable: false, ..Options::default() }).expect("a private server starts");
    let server = cluster.server();
    let client = |name: &str, args: &[&str]| {
        let mut command = Command::new(server.bin(name));
        command.args(args).stdin(Stdio::null());
        command
    };
    let url = server.url("activitydb");
    let dbstate = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dbstate"));
        command.args(args).current_dir(root).stdin(Stdio::null());
        command.env("AUTH_API_PASSWORD", "bench-auth").env("WRITE_API_PASSWORD", "bench-write");
        command
    };
    run(client("psql", &["-Xqd", &server.url("postgres"), "-c", "create database activitydb"]));
    run(dbstate(&["apply", "-d", &url, "--yes", "--allow", "access"]));

    let mut measures = [
        Measure::new("psql -c 'select 1'", client("psql", &["-Xqd", &url, "-c", "select 1"]), None),
        Measure::new("pg_dump --schema-only", client("pg_dump", &["--schema-only", &url]), None),
        Measure::new("dbstate --version", dbstate(&["--version"]), Some(10)),
        Measure::new("dbstate plan, nothing to do", dbstate(&["plan", "--exit-code", "-d", &url]), Some(60)),
    ];
    for _ in 0..ROUNDS {
        measures.iter_mut().for_each(Measure::run);
    }
    println!("{ROUNDS} interleaved runs, PostgreSQL {}: median [5 % … 95 %]", server.version());
    let missed = measures.iter_mut().map(Measure::report).filter(|met| !met).count();
    let busy = measures[0].times[ROUNDS / 2] > BUSY;
    if busy {
        println!(
            "this machine is busy: `psql` alone takes longer than {} ms; the goals are not judged",
            BUSY.as_millis()
        );
    }
    if missed == 0 || busy { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(mut command: Command) {
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
