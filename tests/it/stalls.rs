//! Writers at work while tables that hold rows are changed: none fails, and none waits longer than a lock may be asked for.
//!
//! How long a writer waits the server itself watches: writers set `lock_timeout` to what they may be kept. The longest wait
//! of each change is printed, beside that of the same change in one transaction, which may keep them for as long as it
//! takes. `DBSTATE_STALLS=n` says how many rows the table has.

#![expect(clippy::print_stdout, reason = "a run says what it found")]

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use dbstate::session::{Session, Target, connect};
use tokio::runtime::Runtime;

use crate::support::binary::command;
use crate::support::database::Database;
use crate::support::project::Project;

/// What an apply waits for a lock by default, and a second more.
const BEARABLE: &str = "4s";
const WRITERS: usize = 3;
/// By which writers find a row.
const PICKED: &str = "t_picked: [id]";
const COLUMNS: &str = "columns: { id: int not null, no: int }";

/// Changes of the table `t`: a name, and what stands beside its columns before and after.
const CHANGES: &[(&str, &str, &str)] = &[
    ("index", "", "indexes: { t_no: [no] }"),
    ("another index", "indexes: { t_no: [no] }", "indexes: { t_no: { columns: [no desc], include: [id] } }"),
    ("primary key", "", "primary_key: [id]"),
    ("another primary key", "primary_key: [id]", "primary_key: [no, id]"),
    ("unique", "", "unique: { t_u: [id] }"),
    ("another unique", "unique: { t_u: [id] }", "unique: { t_u: [id, no] }"),
    ("check", "", "checks: { t_c: no > 0 }"),
    ("another check", "checks: { t_c: no > 0 }", "checks: { t_c: no > -1 }"),
    ("foreign key", "", "foreign_keys: { t_f: { columns: [no], references: shop.ref(id) } }"),
    (
        "another foreign key",
        "foreign_keys: { t_f: { columns: [no], references: shop.ref(id) } }",
        "foreign_keys: { t_f: { columns: [no], references: shop.ref(id), on_delete: cascade } }",
    ),
    ("partitioned index", "partition_by: range (id)", "partition_by: range (id), comment: indexed"),
    ("detach", "partition_by: range (id)", "partition_by: range (id), comment: detached"),
    ("not null", "", "comment: filled"),
    ("column", "", "comment: wider"),
];

/// The project with the table as it is on one side of a change.
fn schema(beside: &str) -> String {
    let columns = match beside {
        "comment: filled" => COLUMNS.replace("no: int", "no: int not null"),
        "comment: wider" => COLUMNS.replace("no: int", "no: int, more: text default 'much'"),
        _ => COLUMNS.to_owned(),
    };
    let parted = beside.contains("partition_by");
    let more = if beside.contains("indexed") { format!("{PICKED}, t_no: [no]") } else { PICKED.to_owned() };
    let old = if beside.contains("detached") {
        format!("{COLUMNS}, indexes: {{ t_old_id_idx: [id] }}")
    } else {
        "partition_of: shop.t, for: values from (-1000) to (0)".to_owned()
    };
    let parts = format!(
        "      t_old: {{ {old} }}
      t_a: {{ partition_of: shop.t, for: values from (0) to (1000000000) }}
      t_b: {{ partition_of: shop.t, for: values from (1000000000) to (maxvalue) }}\n"
    );
    let parts = if parted { parts } else { String::new() };
    let beside = match beside.strip_prefix("indexes: {") {
        Some(more) => format!("indexes: {{ {PICKED}, {more}"),
        None if beside.is_empty() => format!("indexes: {{ {more} }}"),
        None => format!("{beside}, indexes: {{ {more} }}"),
    };
    format!(
        "schemas:\n  shop:\n    tables:\n      ref: {{ columns: {{ id: int not null }}, primary_key: [id] }}\n      t: {{ {columns}, {beside} }}\n{parts}"
    )
}

/// A table of that many rows, as it is before a change.
fn filled(before: &str, rows: u64) -> (Database<'static>, Project) {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", &schema(before))]);
    project.apply();
    database.psql(&format!(
        "insert into shop.ref select generate_series(1, 100);
         do $$ begin if to_regclass('shop.t_old') is not null then insert into shop.t values (-1, 1); end if; end $$;
         insert into shop.t (id, no) select i, i % 100 + 1 from generate_series(1, {rows}) i; analyze shop.t"
    ));
    (database, project)
}

/// A session that waits for a lock only as long as it may be kept.
struct Writer {
    runtime: Runtime,
    session: Session,
}

impl Writer {
    fn new(database: &Database<'_>, lock_timeout: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let target = Target::parse(&database.url()).expect("a target");
        let session = runtime.block_on(connect(&target, &[("lock_timeout", lock_timeout)])).expect("a session");
        Self { runtime, session }
    }

    /// Writes a new row and an old one, each in a transaction of its own.
    fn write(&self, id: u64) -> Result<(), tokio_postgres::Error> {
        let no = id % 100 + 1;
        let insert = format!("insert into shop.t (id, no) values ({id}, {no})");
        self.runtime.block_on(self.session.client.batch_execute(&insert))?;
        let update = format!("update shop.t set no = no where id = {}", id % 1000 + 1);
        self.runtime.block_on(self.session.client.batch_execute(&update))
    }
}

/// What writers saw while something else went on.
struct Seen {
    longest: Duration,
    writes: u64,
    errors: Vec<String>,
}

/// Lets writers write from before `act` until after it.
fn while_writing(database: &Database<'_>, lock_timeout: &str, act: impl FnOnce()) -> Seen {
    let (next, done) = (AtomicU64::new(1_000_000_000), AtomicBool::new(false));
    let first = next.load(Ordering::Relaxed);
    let write = || {
        let writer = Writer::new(database, lock_timeout);
        let (mut longest, mut errors) = (Duration::ZERO, Vec::new());
        while !done.load(Ordering::Relaxed) {
            let begun = Instant::now();
            if let Err(error) = writer.write(next.fetch_add(1, Ordering::Relaxed)) {
                errors.push(format!("{error:?}"));
                break;
            }
            longest = longest.max(begun.elapsed());
        }
        (longest, errors)
    };
    std::thread::scope(|threads| {
        let writers: Vec<_> = (0..WRITERS).map(|_| threads.spawn(write)).collect();
        while next.load(Ordering::Relaxed) < first + 10 * WRITERS as u64 {
            std::thread::sleep(Duration::from_millis(1));
        }
        act();
        done.store(true, Ordering::Relaxed);
        let seen: Vec<_> = writers.into_iter().map(|writer| writer.join().expect("it ended")).collect();
        Seen {
            longest: seen.iter().map(|(longest, _)| *longest).max().unwrap_or_default(),
            writes: next.load(Ordering::Relaxed) - first,
            errors: seen.into_iter().flat_map(|(_, errors)| errors).collect(),
        }
    })
}

#[test]
fn writers_go_on_while_tables_change() {
    let rows = std::env::var("DBSTATE_STALLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000);
    println!("{rows} rows, {WRITERS} writers: the longest wait of a writer, and how often they wrote");
    for (name, before, after) in CHANGES {
        let mut line = format!("{name:>20}");
        for online in [true, false] {
            let (database, project) = filled(before, rows);
            project.write("schema.yaml", &schema(after));
            let how: &[&str] = if online { &[] } else { &["--offline"] };
            let patience = if online { BEARABLE } else { "0" };
            let seen = while_writing(&database, patience, || {
                project.run(&[&["apply", "--yes", "--allow", "block,breaking"], how].concat(), 0);
            });
            assert!(seen.errors.is_empty(), "{name}: {:?}", seen.errors);
            project.settled();
            let word = if online { "online" } else { "in one transaction" };
            line += &format!("  {word} {:7.1} ms {:6}", seen.longest.as_secs_f64() * 1000.0, seen.writes);
        }
        println!("{line}");
    }
}

#[test]
fn writers_go_on_between_the_tries_for_a_lock() {
    let (database, project) = filled("", 1000);
    project.write("schema.yaml", &schema("comment: wider"));
    let long = Writer::new(&database, "0");
    long.runtime
        .block_on(long.session.client.batch_execute("begin; insert into shop.t (id, no) values (0, 1)"))
        .expect("it is written");
    let mut child = command(project.path())
        .args(["apply", "--yes", "--lock-timeout", "300ms", "-d", &database.url()])
        .current_dir(project.path())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut said = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    // A writer that waits behind the apply gets its turn once that lets go, long before the transaction ends.
    let seen = while_writing(&database, "0", || {
        for number in 1..=2 {
            let tries = said.next().expect("a line").expect("UTF-8");
            assert!(tries.contains(&format!("try {number} in")), "{tries}");
            let writer = Writer::new(&database, "0");
            (0..20).for_each(|i| writer.write(2_000_000_000 + number * 20 + i).expect("it is written"));
        }
        long.runtime.block_on(long.session.client.batch_execute("commit")).expect("it is committed");
        assert!(child.wait().expect("it ends").success());
    });
    assert!(seen.errors.is_empty(), "{:?}", seen.errors);
    project.settled();
}
