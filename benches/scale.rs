//! What grows with the number of tables, beside `pg_dump --schema-only`, and where it is installed, `migra`.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use dbstate::local::{Ephemeral, Options, Server};

use crate::measure::{Goal, Measure, report, run as once};
use crate::schema::Project;

/// The name of the measure that others are compared with.
const NOTHING: &str = "dbstate plan, as written";

/// Measures a database of so many tables; false where a goal is missed.
pub fn run(tables: usize) -> bool {
    let cluster = Ephemeral::start(&Options { durable: false, ..Options::default() }).expect("a private server starts");
    let server = cluster.server();
    let work = tempfile::tempdir().expect("a working directory");
    let work = work.path();
    projects(tables, work);

    let mut met = first_apply(server, work, tables);
    let (rounds, mut measures) = (rounds(tables), measures(server, work, tables));
    for _ in 0..rounds {
        measures.iter_mut().for_each(Measure::run);
    }
    println!("{tables} tables, PostgreSQL {}, {rounds} runs in turns\n", server.version());
    met &= report(&measures) == 0;

    // Too slow to be run as often: each builds or reads more than once all there is.
    let (url, rounds) = (server.url("bench"), rounds.div_ceil(4));
    let mut slow = vec![
        Measure::new("pg_dump --schema-only", client(server, "pg_dump", &["--schema-only", &url]), Goal::None),
        Measure::new("dbstate plan, as written, without ledger", plan(work, "forgetful", &url), Goal::None),
    ];
    if Command::new("migra").arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok() {
        let mut migra = Command::new("migra");
        migra.args([&url, &url]);
        slow.push(Measure::new("migra, nothing to do", migra, Goal::None));
    } else {
        println!("migra is not installed: `pip install migra psycopg2-binary setuptools` for a look at it\n");
    }
    for _ in 0..rounds {
        slow.iter_mut().for_each(Measure::run);
    }
    println!("{tables} tables, {rounds} runs in turns\n");
    report(&slow);
    met
}

/// How often each command runs.
fn rounds(tables: usize) -> usize {
    match tables {
        0..1000 => 21,
        1000..10_000 => 9,
        10_000.. => 5,
    }
}

/// Writes the projects: as applied, the same with other comments, with one and with many changes, with another view, and
/// without a ledger.
fn projects(tables: usize, work: &Path) {
    let nothing = Project::new(tables);
    let many = tables.div_ceil(2).min(500);
    let projects = [
        ("applied", "", nothing),
        ("written", "# The same, in other words: no apply has found it to be the database.\n", nothing),
        ("one", "", Project { changed: 1, ..nothing }),
        ("many", "", Project { changed: many, ..nothing }),
        ("view", "", Project { view: true, ..nothing }),
        ("forgetful", "ledger: off\n", nothing),
    ];
    for (name, settings, project) in projects {
        let directory = work.join(name);
        fs::create_dir(&directory).expect("a directory");
        fs::write(directory.join("dbstate.yaml"), format!("files: [.]\n{settings}")).expect("a file");
        for (file, text) in project.files() {
            fs::write(directory.join(file), text).expect("a file");
        }
    }
}

/// The first apply to an empty database, beside psql with the script of `pg_dump`; leaves `bench` and the project as pulled.
fn first_apply(server: &Server, work: &Path, tables: usize) -> bool {
    let (url, again) = (server.url("bench"), server.url("again"));
    let sql = |sql: &str| once(&mut client(server, "psql", &["-Xqd", &server.url("postgres"), "-c", sql]));
    sql("create database bench");
    let mut apply = Measure::new(
        "dbstate apply, to nothing",
        dbstate(&work.join("applied"), &["apply", "-d", &url, "--yes"]),
        Goal::Ratio(1.2),
    );
    apply.run();
    let script = work.join("script.sql");
    let script = script.to_str().expect("a plain path");
    once(&mut client(server, "pg_dump", &["--schema-only", "--exclude-schema=dbstate", "-f", script, &url]));
    sql("create database again");
    let load = client(server, "psql", &["-Xq", "-v", "ON_ERROR_STOP=1", "-f", script, &again]);
    let mut load = Measure::new("psql, the script of pg_dump", load, Goal::None);
    load.run();
    sql("drop database again");
    let pulled = work.join("pulled");
    once(&mut dbstate(work, &["pull", "-d", &url, "-o", pulled.to_str().expect("a plain path")]));
    println!("{tables} tables, PostgreSQL {}, to an empty database, once\n", server.version());
    report(&[load, apply]) == 0
}

fn measures(server: &Server, work: &Path, tables: usize) -> Vec<Measure> {
    let url = server.url("bench");
    let ratio = Goal::Ratio(if tables < 1000 { 0.5 } else { 0.4 });
    vec![
        Measure::new("pg_dump --schema-only", client(server, "pg_dump", &["--schema-only", &url]), Goal::None),
        Measure::new("dbstate plan, as the last apply left it", plan(work, "applied", &url), ratio),
        Measure::new("dbstate plan, as pulled", plan(work, "pulled", &url), ratio),
        Measure::new(NOTHING, plan(work, "written", &url), ratio),
        Measure::new("dbstate plan, one change", plan(work, "one", &url), Goal::More(0.05, NOTHING)),
        Measure::new("dbstate plan, many changes (500 at most)", plan(work, "many", &url), Goal::More(0.05, NOTHING)),
        Measure::new("dbstate plan, one view, asks PostgreSQL", plan(work, "view", &url), Goal::More(0.1, NOTHING)),
        Measure::new("dbstate pull", dbstate(work, &["pull", "-d", &url]), Goal::Ratio(0.45)),
        Measure::new(
            "dbstate validate",
            dbstate(&work.join("written"), &["validate"]),
            Goal::Time(Duration::from_secs(1)),
        ),
    ]
}

/// `dbstate plan` of a project.
fn plan(work: &Path, project: &str, url: &str) -> Command {
    dbstate(&work.join(project), &["plan", "-d", url])
}

/// A program of PostgreSQL's own.
pub fn client(server: &Server, name: &str, args: &[&str]) -> Command {
    let mut command = Command::new(server.bin(name));
    command.args(args);
    command
}

/// The program itself, in a directory.
pub fn dbstate(directory: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dbstate"));
    command.args(args).current_dir(directory);
    command
}
