//! How long a plan of many databases takes in one run, and how much memory, beside a run for each.
//!
//! The databases are copies of the Activity database on one private server. It prints, and judges nothing.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use dbstate::local::{Ephemeral, Options};

use crate::measure::run as once;
use crate::scale::{client, dbstate};

/// How many databases, where `DBSTATE_FLEET` says nothing.
const DATABASES: u32 = 1000;

/// How many runs for one database are measured; the others are counted as the same.
const SINGLE: u32 = 100;

/// Measures it.
pub fn run() {
    let count = std::env::var("DBSTATE_FLEET").ok().and_then(|text| text.parse().ok()).unwrap_or(DATABASES);
    let cluster = Ephemeral::start(&Options { durable: false, ..Options::default() }).expect("a private server starts");
    let server = cluster.server();
    let psql = |sql: &str| once(&mut client(server, "psql", &["-Xqd", &server.url("postgres"), "-c", sql]));
    psql("create database tenant_0");
    once(&mut project(&["apply", "-d", &server.url("tenant_0"), "--yes", "--allow", "access"]));
    for i in 1..count {
        psql(&format!("create database tenant_{i} template tenant_0"));
    }
    println!("{count} databases, PostgreSQL {}\n", server.version());

    let dir = tempfile::tempdir().expect("a directory");
    let query = "select datname from pg_database where datname like 'tenant%' order by oid";
    let settings = format!(
        "files: [{0}/schema.yaml, {0}/roles.yaml]\nenvironments: {{ all: {{ database: {{ query: \"{query}\", from: \"{1}\" }} }} }}\n",
        env!("CARGO_MANIFEST_DIR"),
        server.url("postgres")
    );
    std::fs::write(dir.path().join("dbstate.yaml"), settings).expect("written");
    // A copy lacks the privileges on the database itself.
    let apply = once(project(&["apply", "--env", "all", "--yes", "--allow", "access"]).current_dir(dir.path()));
    report("apply: one run", count, apply.wall, apply.peak);
    for jobs in ["1", "4", "8", "16"] {
        let mut command = project(&["plan", "--env", "all", "--exit-code", "--jobs", jobs]);
        let plan = once(command.current_dir(dir.path()));
        report(&format!("plan: one run, --jobs {jobs}"), count, plan.wall, plan.peak);
    }
    let single = |i: u32| once(&mut project(&["plan", "--exit-code", "-d", &server.url(&format!("tenant_{i}"))]));
    let singles: Vec<_> = (0..count.min(SINGLE)).map(single).collect();
    let took: Duration = singles.iter().map(|run| run.wall).sum();
    let runs = count.min(SINGLE);
    let most = singles.iter().map(|run| run.peak).max().unwrap_or_default();
    report(&format!("plan: a run for each, by {runs} of them"), count, took * count / runs, most);
}

/// `dbstate` in the directory of the Activity database's project.
fn project(args: &[&str]) -> Command {
    let mut command = dbstate(Path::new(env!("CARGO_MANIFEST_DIR")), args);
    command.env("AUTH_API_PASSWORD", "bench-auth").env("WRITE_API_PASSWORD", "bench-write");
    command
}

fn report(name: &str, count: u32, took: Duration, peak: u64) {
    let seconds = took.as_secs_f64();
    println!(
        "{name:<40}{seconds:>8.1} s   {:>6.1} ms a database   {:>6} MiB",
        seconds * 1000.0 / f64::from(count),
        peak >> 20
    );
}
