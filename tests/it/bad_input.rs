//! Bad input: every folder of `tests/bad/` is a project that is refused with exactly the text of its `expected.txt`.
//!
//! `dbstate validate` reads it; where only PostgreSQL can tell, a file `command` says `plan` or `apply` instead, which
//! then runs against an empty database that must stay empty. `{a: ` a hundred thousand times and the like are made
//! here. `DBSTATE_BAD=part/of/name` runs some; `DBSTATE_BLESS=1` writes `expected.txt`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use crate::support::binary::dbstate;
use crate::support::cluster::cluster;
use crate::support::database::Database;

/// No input may take longer: a guard against hanging, not a measure.
const PATIENCE: Duration = Duration::from_mins(2);

/// The major version of PostgreSQL whose words `expected.txt` holds.
const WORDS_OF: u32 = 15;

/// Projects too large to be kept: their name, and the text of `schema.yaml`.
const MADE: [(&str, fn() -> String); 6] = [
    ("made_open_braces", || "{a: ".repeat(100_000)),
    ("made_open_brackets", || "[".repeat(1_000_000)),
    ("made_indented", || (0..2_000).map(|i| format!("{}a:\n", " ".repeat(i))).collect()),
    ("made_long_line", || format!("schemas: {{ shop: {{ comment: {}, oner: app }} }}\n", "x".repeat(1_000_000))),
    ("made_wide_aliases", || format!("a: &a [{}]\nb: [{}]\n", "x, ".repeat(1_000), "*a, ".repeat(1_000))),
    ("made_many_problems", || {
        let column = |i: usize| format!("          c{i}: bigint nonsense\n");
        format!(
            "schemas:\n  shop:\n    tables:\n      t:\n        columns:\n{}",
            (0..3).map(column).collect::<String>()
        )
    }),
];

#[test]
fn bad_input_is_refused_in_its_own_words() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let filter = std::env::var("DBSTATE_BAD").unwrap_or_default();
    let mut cases: Vec<PathBuf> = fs::read_dir(&root).expect("tests/bad").flatten().map(|e| e.path()).collect();
    cases.retain(|c| c.is_dir() && c.to_string_lossy().contains(&filter));
    cases.sort();
    assert!(!filter.is_empty() || cases.len() >= 70, "only {} cases were found", cases.len());
    let failures: Vec<String> = cases.iter().filter_map(|case| judge(case).err()).collect();
    assert!(failures.is_empty(), "{} of {} cases fail:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

fn judge(case: &Path) -> Result<(), String> {
    let name = case.file_name().expect("a case has a name").to_string_lossy().into_owned();
    let (done, wait) = mpsc::channel();
    let here = case.to_owned();
    std::thread::spawn(move || _ = done.send(run(&here)));
    let (code, stderr, left) = wait.recv_timeout(PATIENCE).map_err(|_| format!("== {name}: no answer"))?;
    if code != Some(1) {
        return Err(format!("== {name}: it ends with {code:?}\n{stderr}"));
    }
    if stderr.contains("panicked") {
        return Err(format!("== {name}: it panics\n{stderr}"));
    }
    if !left.is_empty() {
        return Err(format!("== {name}: it left something behind\n{left}"));
    }
    let path = case.join("expected.txt");
    if std::env::var_os("DBSTATE_BLESS").is_some() {
        fs::write(&path, &stderr).expect("expected.txt can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let places = |text: &str| text.lines().filter(|l| l.contains(".yaml:")).map(str::to_owned).collect::<Vec<_>>();
    // PostgreSQL's own words and positions differ from version to version; where the YAML is to blame does not.
    let foreign = case.join("command").exists() && cluster().version().major != WORDS_OF;
    if expected == stderr || foreign && places(&expected) == places(&stderr) {
        return Ok(());
    }
    let diff = similar::TextDiff::from_lines(&expected, &stderr).unified_diff().header("expected", "found").to_string();
    Err(format!("== {name}\n{diff}"))
}

/// Runs the case in a copy of it; returns the exit code, what was said, and what is in the database afterwards.
fn run(case: &Path) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir().expect("a directory");
    copy(case, home.path());
    let name = case.file_name().expect("a case has a name").to_string_lossy().into_owned();
    if let Some((_, text)) = MADE.iter().find(|(made, _)| *made == name) {
        fs::write(home.path().join("schema.yaml"), text()).expect("a file");
    }
    let command = fs::read_to_string(case.join("command")).unwrap_or_else(|_| "validate".to_owned());
    let words: Vec<&str> = command.split_whitespace().collect();
    if words[0] == "validate" {
        let output = dbstate(&words, home.path());
        return (output.code, output.stderr, output.stdout);
    }
    let database = Database::create();
    let url = database.url();
    let flags: &[&str] = if words[0] == "apply" { &["-q", "--yes"] } else { &["-q"] };
    let output = dbstate([&words[..], flags, &["-d", &url]].concat(), home.path());
    (output.code, output.stderr.replace(database.name(), "DATABASE"), database.psql(LEFT))
}

/// Everything in a database that is not PostgreSQL's own, and the roles of these cases.
const LEFT: &str = "
    select 'schema ' || nspname from pg_namespace
    where nspname !~ '^(pg_|information_schema$|public$)'
    union all select 'extension ' || extname from pg_extension where extname <> 'plpgsql'
    union all select 'role ' || rolname from pg_roles where rolname ~ '^bad_'";

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a directory").flatten() {
        let target = to.join(entry.file_name());
        let kind = entry.file_type().expect("a file has a type");
        if kind.is_dir() {
            fs::create_dir(&target).expect("a directory");
            copy(&entry.path(), &target);
        } else if kind.is_symlink() {
            let link = fs::read_link(entry.path()).expect("a link");
            std::os::unix::fs::symlink(link, &target).expect("a link");
        } else if entry.file_name() != "expected.txt" {
            fs::copy(entry.path(), &target).expect("a copy");
        }
    }
}

/// What looks odd and is right.
#[test]
fn odd_input_that_is_right_is_taken() {
    let cyclic = "schemas:
  shop:
    tables:
      a:
        columns: { id: bigint not null, b: bigint }
        primary_key: [id]
        foreign_keys: { a_b: { columns: [b], references: shop.b(id) } }
      b:
        columns: { id: bigint not null, a: bigint }
        primary_key: [id]
        foreign_keys: { b_a: { columns: [a], references: shop.a(id) } }
    functions:
      even(int): { args: n int, returns: boolean, language: plpgsql, body: \"begin return n = 0 or shop.odd(n - 1); end\" }
      odd(int): { args: n int, returns: boolean, language: plpgsql, body: \"begin return n > 0 and shop.even(n - 1); end\" }
      of_row(shop.a): { args: r shop.a, returns: bigint, language: sql, body: select r.id }
";
    for (what, text) in [
        ("empty", ""),
        ("comments only", "# nothing\n\n  # here\n"),
        ("a document mark", "---\n"),
        ("null", "~\n"),
        ("a byte-order mark", "\u{feff}schemas: {}\n"),
        ("line ends of Windows", "schemas:\r\n  shop:\r\n    comment: x\r\n"),
        ("empty sections", "schemas:\nroles:\n"),
        ("words that YAML 1.1 takes for booleans", "roles:\n  \"on\": {}\n  yes: {}\n  n: {}\n"),
        (
            "a name in another script",
            "schemas:\n  склад:\n    tables:\n      \"a b\": { columns: { \"#\": bigint } }\n",
        ),
        ("an anchor", "schemas:\n  a: &a { comment: x }\n  b: *a\n"),
        ("cycles", cyclic),
    ] {
        let dir = tempfile::tempdir().expect("a directory");
        fs::write(dir.path().join("schema.yaml"), text).expect("a file");
        let output = dbstate(["validate"], dir.path());
        assert_eq!(output.code, Some(0), "{what}: {}", output.stderr);
    }
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("schema.yaml"), cyclic).expect("a file");
    let database = Database::create();
    let url = database.url();
    let applied = dbstate(["apply", "--yes", "-q", "-d", &url], dir.path());
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);
    assert_eq!(database.psql("select shop.even(10)"), "t");
}

/// One schema may be opened in several files; what is in it adds up.
#[test]
fn a_schema_may_be_split_over_files() {
    let dir = tempfile::tempdir().expect("a directory");
    for (file, text) in [
        ("dbstate.yaml", "files: [a.yaml, tables]\n"),
        ("a.yaml", "schemas: { shop: { comment: The shop } }\n"),
        ("b.yaml", ""),
    ] {
        fs::write(dir.path().join(file), text).expect("a file");
    }
    fs::create_dir(dir.path().join("tables")).expect("a directory");
    for table in ["orders", "users"] {
        let text = format!("schemas: {{ shop: {{ tables: {{ {table}: {{ columns: {{ id: bigint }} }} }} }} }}\n");
        fs::write(dir.path().join(format!("tables/{table}.yaml")), text).expect("a file");
    }
    let output = dbstate(["validate"], dir.path());
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), "valid: 6 objects\n"));
}
