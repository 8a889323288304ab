//! A database for one test, and PostgreSQL's own clients as observers that we did not write.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use dbstate::local::Server;

use super::cluster::cluster;
use super::observer;

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

    /// One of that name in that cluster.
    pub fn named(server: &'a Server, name: &str) -> Self {
        psql(server, "postgres", &format!("create database {name} template template0"));
        Self { server, name: name.to_owned() }
    }

    /// A copy of it, rows and all, while nobody is connected to it.
    pub fn copy(&self) -> Self {
        let copy = Self::create_in(self.server);
        let sql = |text: &str| psql(self.server, "postgres", text);
        sql(&format!("drop database {}", copy.name));
        sql(&format!("create database {} template {}", copy.name, self.name));
        copy
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

    /// Takes from the ledger that nothing is to be done, so that the next plan reads the whole database.
    pub fn forget(&self) {
        self.forgetting()();
    }

    /// The same later, when the database may be out of sight.
    pub fn forgetting(&self) -> impl Fn() + use<> {
        let (psql, url) = (self.server.bin("psql"), self.url());
        move || {
            let mut command = Command::new(&psql);
            command.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", &url]);
            finish(command, FORGET);
        }
    }

    /// Its schema as `pg_dump --schema-only` prints it, without comments, empty lines and the tokens of one run.
    ///
    /// Where no `pg_dump` reads the server, the observer says it instead.
    #[track_caller]
    pub fn pg_dump(&self) -> String {
        if !dumps(self.server) {
            return observer::schema(self.server, &self.name);
        }
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

/// What [`Database::forget`] does.
const FORGET: &str = "do $$ begin
    if to_regclass('dbstate.unchanged') is not null then delete from dbstate.unchanged; end if;
end $$";

/// The roles of a cluster as `pg_dumpall --roles-only` prints them, passwords and all.
///
/// PostgreSQL takes no end of validity away again: one at infinity is none.
///
/// Where no `pg_dumpall` reads the server, the observer says it instead.
#[track_caller]
pub fn pg_dumpall_roles(server: &Server) -> String {
    if !dumps(server) {
        return observer::roles(server);
    }
    let mut command = Command::new(server.bin("pg_dumpall"));
    command.args(["--roles-only", "--dbname"]).arg(server.url("postgres"));
    normalise(&finish(command, "")).replace(" VALID UNTIL 'infinity'", "")
}

/// True where `pg_dump` is no older than the server: it reads no newer one.
pub fn dumps(server: &Server) -> bool {
    static MAJOR: OnceLock<u32> = OnceLock::new();
    let major = MAJOR.get_or_init(|| {
        let mut command = Command::new(server.bin("pg_dump"));
        let version = finish(
            {
                command.arg("--version");
                command
            },
            "",
        );
        let number = version.split_whitespace().find_map(|word| word.split(['.', 'b', 'r', 'd']).next()?.parse().ok());
        number.unwrap_or_else(|| panic!("a version in {version}"))
    });
    *major >= server.version().major
}

/// Runs SQL in a database of that server.
#[track_caller]
pub fn psql(server: &Server, database: &str, sql: &str) -> String {
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
/// Only the comments that `pg_dump` itself writes go: a function's body keeps its own. The names that PostgreSQL 18 gives to
/// the constraints of columns that refuse nulls go, too: they follow no rename of a table or a column.
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
    let kept = dump.lines().filter(|line| !noise(line));
    kept.flat_map(|line| [without_usual_name(line), "\n".to_owned()]).collect()
}

/// A line without the name of the constraint of a column that refuses nulls, if it looks like PostgreSQL's choice.
fn without_usual_name(line: &str) -> String {
    const BEFORE: &str = " CONSTRAINT ";
    const AFTER: &str = " NOT NULL";
    let parts = line.split_once(BEFORE).and_then(|(before, rest)| Some((before, rest.split_once(AFTER)?)));
    match parts {
        Some((before, (name, after))) if name.contains("_not_null") => format!("{before}{AFTER}{after}"),
        _ => line.to_owned(),
    }
}

/// Sees that two dumps say the same; panics with the lines that differ.
#[track_caller]
pub fn same(one: &str, other: &str) {
    let lines = dbstate::diff::show::lines(one, other);
    let differ: Vec<String> = lines.iter().map(|(sign, line)| format!("{sign} {line}")).collect();
    assert!(one == other, "these differ:\n{}", differ.join("\n"));
}

/// The lines of a dump in alphabetical order: grants, settings and columns stand in the order in which they were made.
pub fn unordered(dump: &str) -> String {
    let mut lines: Vec<&str> = dump.lines().map(|line| line.trim_end_matches(',')).collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// A dump with the columns of each table sorted, and what is set of them: PostgreSQL can add a column at the end only.
pub fn without_column_order(dump: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut columns: Option<Vec<String>> = None;
    for line in sort_runs(dump, sets_of_column) {
        match &mut columns {
            Some(list) if line.starts_with(')') => {
                list.sort();
                out.append(list);
                columns = None;
                out.push(line.to_owned());
            }
            Some(list) => list.push(line.trim_end_matches(',').to_owned()),
            None => {
                out.push(line.to_owned());
                columns = (line.starts_with("CREATE") && line.contains("TABLE") && line.ends_with('(')).then(Vec::new);
            }
        }
    }
    out.join("\n")
}

/// True for a line of a dump that sets something of a column.
fn sets_of_column(line: &str) -> bool {
    let only = ["ALTER TABLE ONLY ", "ALTER FOREIGN TABLE ONLY "].iter().any(|start| line.starts_with(start));
    only && line.contains(" ALTER COLUMN ") && line.ends_with(';')
}

/// The lines of a dump, those of each run that `are` so in alphabetical order.
pub fn sort_runs(dump: &str, are: impl Fn(&str) -> bool) -> Vec<&str> {
    let mut lines: Vec<&str> = dump.lines().collect();
    for run in lines.chunk_by_mut(|a, b| are(a) == are(b)).filter(|run| are(run[0])) {
        run.sort_unstable();
    }
    lines
}

#[test]
fn a_dump_is_the_same_for_the_same_schema() {
    let sql = "create table t (id int primary key); comment on table t is 'x'";
    let [one, other] = [Database::create(), Database::create()];
    one.psql(sql);
    other.psql(sql);
    assert_ne!(one.name(), other.name());
    assert_eq!(one.pg_dump(), other.pg_dump());
    let word = if dumps(cluster()) { "CREATE TABLE public.t" } else { "table public.t" };
    assert!(one.pg_dump().contains(word), "{}", one.pg_dump());
    assert!(!one.pg_dump().contains("\n--"), "{}", one.pg_dump());
}

#[test]
fn the_order_of_columns_is_left_out() {
    let dump = |columns: &str| {
        let db = Database::create();
        db.psql(&format!("create table t ({columns})"));
        db.psql("alter table t alter a set statistics 7, alter b set storage main, alter b set statistics 8");
        without_column_order(&db.pg_dump())
    };
    assert_eq!(dump("a text, b text not null"), dump("b text not null, a text"));
}

#[test]
#[should_panic(expected = "division by zero")]
fn a_failing_statement_panics_with_its_message() {
    Database::create().psql("select 1; select 1 / 0");
}
