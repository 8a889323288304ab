//! What somebody meets who tries the program for the first time: the next step, and what went wrong.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::support::binary::{command, dbstate};
use crate::support::database::Database;
use crate::support::terminal::Terminal;

fn project(text: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("schema.yaml"), text).expect("a file");
    dir
}

/// What a command says when it fails.
fn complaint(args: &[&str], dir: &Path) -> String {
    let output = dbstate(args, dir);
    assert_eq!(output.code, Some(1), "{}{}", output.stdout, output.stderr);
    output.stderr.split_whitespace().filter(|word| *word != "|").collect::<Vec<_>>().join(" ")
}

#[test]
fn a_new_project_says_what_comes_next() {
    let dir = tempfile::tempdir().expect("a directory");
    let output = dbstate(["init"], dir.path());
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), ""));
    assert!(output.stderr.contains("dbstate plan -d local") && output.stderr.contains("dbstate pull -d URL"));
    let stderr = complaint(&["plan"], dir.path());
    assert!(stderr.contains("`DATABASE_URL` is not set") && stderr.contains("`-d local` is the"), "{stderr}");
    assert_eq!(dbstate(["init", "-q"], &dir.path().join(".")).code, Some(1));
}

#[test]
fn names_that_nothing_has_are_answered_with_a_cure() {
    let database = Database::create();
    database.psql("create schema shop; create table shop.orders (id int)");
    let url = database.url();
    let dir = project("schemas: { shop: {} }\n");
    let stderr = complaint(&["access", "orders", "-d", &url], dir.path());
    assert!(stderr.contains("did you mean `shop.orders`?"), "{stderr}");
    assert!(!complaint(&["access", "zzz", "-d", &url], dir.path()).contains("``"));
    let stderr = complaint(&["plan", "--env", "prod", "-d", &url], dir.path());
    assert!(stderr.contains("no environment `prod`") && stderr.contains("`environments:`"), "{stderr}");
    let stderr = complaint(&["explain", "bloc"], dir.path());
    assert!(stderr.contains("did you mean `block`? `dbstate explain` lists all pages"), "{stderr}");
    assert!(dbstate(["explain"], dir.path()).stdout.contains("\nserver: PostgreSQL answered"));
    let stderr = complaint(&["diff", "HEAD"], dir.path());
    assert!(stderr.contains("`HEAD` is no file, no directory, no revision of git in"), "{stderr}");
}

#[test]
fn the_embedded_server_says_how_its_databases_are_made() {
    let dir = project("schemas: { shop: {} }\n");
    let stderr = complaint(&["plan", "-d", "local/nope"], dir.path());
    assert!(stderr.contains("`dbstate local start nope`"), "{stderr}");
    let bytes = OsString::from_vec(vec![b'x', 0xe9]);
    let args = ["local", "psql", "postgres", "--", "--version"].map(OsString::from);
    let output = dbstate(args.into_iter().chain([bytes]), dir.path());
    assert!(output.code == Some(0) && output.stdout.contains("psql"), "{}", output.stderr);
    assert_eq!(dbstate(["local", "stop"], dir.path()).code, Some(0));
}

#[test]
fn a_full_disk_is_no_success() {
    let home = tempfile::tempdir().expect("a directory");
    for args in [["completions", "bash"], ["explain", "lock"]] {
        let full = File::options().write(true).open("/dev/full").expect("a full disk");
        let output = command(home.path()).args(args).stdout(full).stderr(Stdio::piped()).output().expect("it runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains("standard output can't be written: no space left on device"), "{stderr}");
    }
}

#[test]
fn a_pull_into_a_project_asks_the_database_of_its_settings() {
    let database = Database::create();
    database.psql("create schema shop; create table shop.orders (id int)");
    let dir = project("schemas: { shop: {} }\n");
    let settings = format!("database: \"{0}\"\nenvironments: {{ night: {{ database: \"{0}\" }} }}\n", database.url());
    fs::write(dir.path().join("dbstate.yaml"), settings).expect("a file");
    let output = dbstate(["pull", "-o", "."], dir.path());
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(fs::read_to_string(dir.path().join("schema.yaml")).expect("a file").contains("orders"));
    let output = dbstate(["pull", "--env", "night"], dir.path());
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stdout.contains("orders"));
    assert_eq!(dbstate(["plan", "--exit-code"], dir.path()).code, Some(0));
}

#[test]
fn a_terminal_folds_what_is_alike() {
    let mut text = String::from("schemas:\n  shop:\n    tables:\n");
    for i in 1..=9 {
        let _ = writeln!(text, "      t{i}: {{ columns: {{ id: bigint }} }}");
    }
    let body = (1..=30).fold(String::new(), |body, i| body + &format!("          select {i};\n"));
    let _ = write!(
        text,
        "    functions:\n      f():\n        returns: int\n        language: sql\n        body: |\n{body}"
    );
    let dir = project(&text);
    let database = Database::create();
    database.psql("create schema shop; create view shop.v1 as select 1; create view shop.v2 as select 1");
    database.psql("create view shop.v3 as select 1; create view shop.v4 as select 1; create view shop.v5 as select 1");
    let url = database.url();
    let (status, shown) = Terminal::run(dir.path(), &["plan", "--no-color", "-d", &url], "Plan:", "");
    assert_eq!(status.code(), Some(0), "{shown}");
    for part in [
        "  + … 7 more: table",
        "    -- … 7 more like it: table",
        "more lines",
        "`-v` shows it all",
        "drop view shop.v5",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("shop.t5") && !shown.contains("select 20"), "{shown}");
    let (_, whole) = Terminal::run(dir.path(), &["plan", "-v", "--no-color", "-d", &url], "Plan:", "");
    let piped = dbstate(["plan", "-d", &url], dir.path()).stdout;
    for text in [&whole, &piped] {
        assert!(text.contains("shop.t5") && text.contains("select 20"), "{text}");
        assert!(!text.contains(" more: ") && !text.contains(" more like it") && !text.contains("more lines"), "{text}");
    }
}

#[test]
fn what_takes_long_says_so_at_a_terminal() {
    let dir = project("schemas: { shop: {} }\n");
    let database = Database::create();
    thread::scope(|scope| {
        scope
            .spawn(|| database.psql("begin; lock table pg_class in access exclusive mode; select pg_sleep(3); commit"));
        thread::sleep(Duration::from_millis(500));
        let (status, shown) = Terminal::run(dir.path(), &["plan", "-d", &database.url()], "Plan:", "");
        assert_eq!(status.code(), Some(0), "{shown}");
        assert!(shown.contains("connecting …") || shown.contains("reading and comparing …"), "{shown}");
        assert!(!shown.contains("…\u{1b}[3"), "the line is taken away: {shown}");
    });
}

#[test]
fn a_column_that_filled_tables_cannot_have_is_warned_about() {
    let database = Database::create();
    database.psql("create schema shop; create table shop.full (id int); create table shop.empty (id int)");
    database.psql("insert into shop.full select generate_series(1, 1000); analyze shop.full");
    let columns = "{ columns: { id: int, name: text not null, no: bigint not null default 0 } }";
    let dir = project(&format!("schemas: {{ shop: {{ tables: {{ full: {columns}, empty: {columns} }} }} }}\n"));
    let output = dbstate(["plan", "-d", &database.url()], dir.path());
    let warning = "column `shop.full.name` is added `not null` and without a default, but table `shop.full` holds rows \
                   (1 thousand rows, ";
    assert!(output.stderr.contains(warning), "{}", output.stderr);
    assert_eq!(output.stderr.matches("warning").count(), 1, "{}", output.stderr);
}
