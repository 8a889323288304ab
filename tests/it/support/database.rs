//! A database for one test, and PostgreSQL's own clients as observers that we did not write.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use dbstate::local::Server;

use super::cluster::cluster;

/// A new, empty database, dropped with this value.
pub struct Database<'a> {
    server: &'a Server,
    name: String,
}

impl Database<'static> {
    /// One in the shared cluster.
    pub fn create() -> Self {
        Self::create_in(cluster())
    }
}

impl<'a> Database<'a> {
    /// One in that cluster, with a name that no other database of this run has.
    pub fn create_in(server: &'a Server) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        psql(server, "postgres", &format!("create database {name} template template0"));
        Self { server, name }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// Runs SQL and returns its rows as `a|b` lines; panics with PostgreSQL's message when a statement fails.
    #[track_caller]
    pub fn psql(&self, sql: &str) -> String {
        psql(self.server, &self.name, sql)
    }

    /// Its schema as `pg_dump --schema-only` prints it, without comments, empty lines and the tokens of one run.
    #[track_caller]
    pub fn pg_dump(&self) -> String {
        let mut command = Command::new(self.server.bin("pg_dump"));
        command.args(["--schema-only", "--dbname"]).arg(self.url());
        normalise(&finish(command, ""))
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        let mut command = self.server.psql_command("postgres");
        command.args(["--no-psqlrc", "--quiet", "--command"]);
        command.arg(format!("drop database if exists {} with (force)", self.name));
        _ = command.stdin(Stdio::null()).output();
    }
}

/// Runs SQL in a database of that server.
#[track_caller]
fn psql(server: &Server, database: &str, sql: &str) -> String {
    let mut command = server.psql_command(database);
    command.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"]);
    command.env("PGOPTIONS", "-c client_min_messages=warning");
    finish(command, sql).trim_end().to_owned()
}

/// Runs a client to its end and returns what it printed; panics with its message when it fails.
#[track_caller]
fn finish(mut command: Command, input: &str) -> String {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the client starts");
    let mut stdin = child.stdin.take().expect("the client's input is a pipe");
    let output = std::thread::scope(|scope| {
        scope.spawn(move || _ = stdin.write_all(input.as_bytes()));
        child.wait_with_output().expect("the client ends")
    });
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}\nin: {input}");
    String::from_utf8(output.stdout).expect("the client prints UTF-8")
}

/// A dump without what differs between runs or says nothing about the schema.
///
/// Only the comments that `pg_dump` itself writes go: a function's body keeps its own.
fn normalise(dump: &str) -> String {
    const HEADERS: [&str; 8] = [
        "-- Name: ",
        "-- Data for Name: ",
        "-- PostgreSQL database dump",
        "-- Dumped from ",
        "-- Dumped by ",
        "-- *not* creating schema",
        "\\restrict ",
        "\\unrestrict ",
    ];
    let noise = |line: &str| line.is_empty() || line == "--" || HEADERS.iter().any(|header| line.starts_with(header));
    dump.lines().filter(|line| !noise(line)).flat_map(|line| [line, "\n"]).collect()
}

#[test]
fn a_dump_is_the_same_for_the_same_schema() {
    let sql = "create table t (id int primary key); comment on table t is 'x'";
    let [one, other] = [Database::create(), Database::create()];
    one.psql(sql);
    other.psql(sql);
    assert_ne!(one.name(), other.name());
    assert_eq!(one.pg_dump(), other.pg_dump());
    assert!(one.pg_dump().contains("CREATE TABLE public.t"), "{}", one.pg_dump());
    assert!(!one.pg_dump().contains("\n--"), "{}", one.pg_dump());
}

#[test]
#[should_panic(expected = "division by zero")]
fn a_failing_statement_panics_with_its_message() {
    Database::create().psql("select 1; select 1 / 0");
}
