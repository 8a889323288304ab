//! How long a plan of many databases takes in one run, and how much memory, beside a run for each.
//!
//! `make bench` runs it, for 1,000 databases or as many as `DBSTATE_FLEET` says, of the Activity database's schema on one
//! private server. It prints, and judges nothing. Memory is what `/proc` says, where there is one.

#![expect(clippy::print_stdout, reason = "its output is its result")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dbstate::local::{Ephemeral, Options, Server};

/// How many runs for one database are measured; the others are counted as the same.
const SINGLE: usize = 100;

fn main() {
    let count: usize = std::env::var("DBSTATE_FLEET").ok().and_then(|text| text.parse().ok()).unwrap_or(1000);
    let cluster = Ephemeral::start(&Options { durable: false, ..Options::default() }).expect("a private server starts");
    let server = cluster.server();
    psql(server, "create database tenant_0");
    run(&mut dbstate(&["apply", "-d", &server.url("tenant_0"), "--yes", "--allow", "access"]));
    let begun = Instant::now();
    for i in 1..count {
        psql(server, &format!("create database tenant_{i} template tenant_0 strategy file_copy"));
    }
    println!("{count} databases, PostgreSQL {}: made in {:.0} s", server.version(), begun.elapsed().as_secs_f64());

    let dir = tempfile::tempdir().expect("a directory");
    let query = "select datname from pg_database where datname like 'tenant%' order by oid";
    let settings = format!(
        "files: [{0}/schema.yaml, {0}/roles.yaml]\nenvironments: {{ all: {{ database: {{ query: \"{query}\", from: \"{1}\" }} }} }}\n",
        env!("CARGO_MANIFEST_DIR"),
        server.url("postgres")
    );
    std::fs::write(dir.path().join("dbstate.yaml"), settings).expect("written");
    for jobs in ["1", "4", "8", "16"] {
        let mut command = dbstate(&["plan", "--env", "all", "--exit-code", "--jobs", jobs]);
        report(&format!("one run, --jobs {jobs}"), count, run(command.current_dir(dir.path())));
    }
    let runs = count.min(SINGLE);
    let (mut took, mut most) = (Duration::ZERO, 0);
    for i in 0..runs {
        let (time, memory) = run(&mut dbstate(&["plan", "--exit-code", "-d", &server.url(&format!("tenant_{i}"))]));
        (took, most) = (took + time, most.max(memory));
    }
    let scale = u32::try_from(count).expect("few") * took / u32::try_from(runs).expect("few");
    report(&format!("a run for each, by {runs} of them"), count, (scale, most));
}

fn report(name: &str, count: usize, (took, memory): (Duration, u64)) {
    let seconds = took.as_secs_f64();
    let each = seconds * 1000.0 / f64::from(u32::try_from(count).expect("few"));
    println!("{name:<34}{seconds:>8.1} s   {each:>6.1} ms a database   {:>6} MiB", memory / 1024);
}

fn dbstate(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dbstate"));
    command.args(args).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
    command.env("AUTH_API_PASSWORD", "bench-auth").env("WRITE_API_PASSWORD", "bench-write");
    command
}

fn psql(server: &Server, sql: &str) {
    let mut command = Command::new(server.bin("psql"));
    run(command.args(["-Xqd", &server.url("postgres"), "-c", sql]));
}

/// How long a command took, and the most memory it had, in KiB.
fn run(command: &mut Command) -> (Duration, u64) {
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("the program starts");
    let mut most = 0;
    loop {
        most = most.max(memory(&child));
        if let Some(status) = child.try_wait().expect("it ends") {
            assert!(status.success(), "{command:?}: {status}");
            return (begun.elapsed(), most);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The most memory that a process had so far.
fn memory(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
