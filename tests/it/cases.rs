//! The case contract, for every folder of `tests/cases/<kind>/<case>/`, there and back.
//!
//! `before.yaml` is built and seeded with `seed.sql`; the plan to `after.yaml` equals `plan.sql`; it is applied; the
//! second plan is empty; rows are still there unless the plan said `data`; no table was rewritten unless it said
//! `rewrite`; `pg_dump` equals that of a database built straight from `after.yaml`, the order of columns aside; `pull`
//! of the result plans nothing. Where newer versions of PostgreSQL plan otherwise, `plan-17.sql` holds from 17 on. Then
//! the same from `after` to `before`, where `before` can be reached.
//!
//! A case with `min_version: 18` is refused by older versions, which point at the line; one with `max_version: 17` and a
//! `refuse` is accepted by newer ones.
//!
//! `case.yaml` may say `cluster: own` (roles and other cluster-wide things), `back: false` with a `why`,
//! `refuse: <text of the error>` with an exit code of 1 or 3, `env: {NAME: value}`, and `known_gap: <why>`, which fails
//! once the case passes. `DBSTATE_CASE=part/of/name` runs some; `DBSTATE_BLESS=1` writes `plan.sql`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use dbstate::local::Server;
use serde::Deserialize;

use crate::support::binary::{Output, dbstate_with};
use crate::support::cluster::{cluster, own_cluster};
use crate::support::database::{Database, without_column_order};

/// `case.yaml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    cluster: String,
    back: Option<bool>,
    why: Option<String>,
    refuse: Option<String>,
    known_gap: Option<String>,
    min_version: Option<u32>,
    max_version: Option<u32>,
    env: BTreeMap<String, String>,
}

struct Case {
    dir: PathBuf,
    name: String,
    settings: Settings,
}

#[test]
fn cases_hold() {
    let cases = cases();
    assert!(!cases.is_empty(), "no case was found");
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(2, |n| n.get() * 2);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(failure) = judge(case) {
                        failures.lock().expect("no panic while held").push(format!("== {}\n{failure}", case.name));
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().expect("no panic while held");
    failures.sort();
    assert!(failures.is_empty(), "{} of {} cases fail:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let filter = std::env::var("DBSTATE_CASE").unwrap_or_default();
    let mut cases = Vec::new();
    for kind in directories(&root) {
        for dir in directories(&kind) {
            let name = dir.strip_prefix(&root).expect("a case is under the root").display().to_string();
            let text = fs::read_to_string(dir.join("case.yaml")).unwrap_or_default();
            let settings =
                if text.is_empty() { Settings::default() } else { serde_yaml_09::from_str(&text).expect(&name) };
            assert!(settings.back != Some(false) || settings.why.is_some(), "{name}: `back: false` needs a `why`");
            assert!(
                settings.cluster == "own" || !declares_roles(&dir),
                "{name}: the tests that share a cluster all see its roles: say `cluster: own`"
            );
            if name.contains(&filter) {
                cases.push(Case { dir, name, settings });
            }
        }
    }
    cases
}

/// True where a case makes or changes roles.
fn declares_roles(dir: &Path) -> bool {
    ["before.yaml", "after.yaml"].iter().any(|file| {
        let text = fs::read_to_string(dir.join(file)).unwrap_or_default();
        let project: serde_yaml_09::Value = serde_yaml_09::from_str(&text).unwrap_or_default();
        let roles = project.get("roles").and_then(|roles| roles.as_mapping());
        let external = |role: &serde_yaml_09::Value| role.get("external").and_then(serde_yaml_09::Value::as_bool);
        roles.is_some_and(|roles| roles.values().any(|role| external(role) != Some(true)))
    })
}

fn directories(path: &Path) -> Vec<PathBuf> {
    let mut list: Vec<PathBuf> =
        fs::read_dir(path).into_iter().flatten().flatten().map(|e| e.path()).filter(|p| p.is_dir()).collect();
    list.sort();
    list
}

fn judge(case: &Case) -> Result<(), String> {
    // A panic in an observer is the failure of its case, not of the run.
    let caught = std::panic::catch_unwind(|| {
        if case.settings.cluster == "own" {
            let own = own_cluster();
            of_its_version(case, own.server(), true)
        } else {
            of_its_version(case, cluster(), false)
        }
    });
    let result = caught.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(text.unwrap_or("it panicked").to_owned())
    });
    match (&case.settings.known_gap, result) {
        (None, result) => result,
        (Some(_), Err(_)) => Ok(()),
        (Some(why), Ok(())) => Err(format!("it passes now: remove `known_gap: {why}`")),
    }
}

/// What the case says of a server of that version.
fn of_its_version(case: &Case, server: &Server, own: bool) -> Result<(), String> {
    let major = server.version().major;
    let Settings { min_version, max_version, .. } = case.settings;
    match (min_version, max_version) {
        (Some(min), _) if major < min => too_old(case, server, major),
        (_, Some(max)) if major > max => way(case, server, own, "before.yaml", "after.yaml", "", None),
        _ => there_and_back(case, server, own),
    }
}

/// One of the two ends asks for what came with a newer version: it is refused in its place.
fn too_old(case: &Case, server: &Server, major: u32) -> Result<(), String> {
    let db = Database::create_in(server);
    let url = db.url();
    for end in ["before.yaml", "after.yaml"] {
        let output = dbstate_with(["plan", "-q", "-f", end, "-d", &url], &case.dir, &case.settings.env);
        if output.code == Some(0) {
            continue;
        }
        let said = &output.stderr;
        let newer = (major + 1..=99).any(|version| said.contains(&format!("from version {version} on")));
        let placed = said.contains(&format!("[{end}:"));
        return if newer && placed { Ok(()) } else { Err(format!("{end} is refused, but not as too new:\n{said}")) };
    }
    Err(format!("PostgreSQL {major} is too old for it, and both ends are accepted"))
}

fn there_and_back(case: &Case, server: &Server, own: bool) -> Result<(), String> {
    let seed = fs::read_to_string(case.dir.join("seed.sql")).unwrap_or_default();
    way(case, server, own, "before.yaml", "after.yaml", &seed, Some("plan.sql"))?;
    if case.settings.refuse.is_some() || case.settings.back == Some(false) {
        return Ok(());
    }
    way(case, server, own, "after.yaml", "before.yaml", "", None).map_err(|e| format!("on the way back: {e}"))
}

fn way(
    case: &Case,
    server: &Server,
    own: bool,
    from: &str,
    to: &str,
    seed: &str,
    plan: Option<&str>,
) -> Result<(), String> {
    let db = Database::create_in(server);
    let run = |args: &[&str], db: &Database<'_>| {
        let url = db.url();
        let all: Vec<&str> = args.iter().copied().chain(["-d", &url]).collect();
        dbstate_with(all, &case.dir, &case.settings.env)
    };
    let apply = ["--yes", "--allow", "data,access,rewrite,block,breaking", "-q"];
    expect(&run(&[&["apply", "-f", from][..], &apply].concat(), &db), "building the start")?;
    db.forget();
    expect(&run(&["plan", "--exit-code", "-f", from], &db), "the plan right after building the start")?;
    db.psql(seed);
    let rows = db.psql(ROWS);
    let files = db.psql(FILES);
    let accepts = case.settings.max_version.is_some_and(|max| server.version().major > max);
    if let Some(refuse) = case.settings.refuse.as_ref().filter(|_| !accepts) {
        return refused(case, refuse, &run(&[&["apply", "-f", to][..], &apply].concat(), &db));
    }
    let planned = run(&["plan", "--format", "sql", "-f", to], &db);
    expect(&planned, "the plan")?;
    if let Some(plan) = plan {
        compare(&plan_of(&case.dir, plan, server.version().major), &planned.stdout)?;
    }
    let json = run(&["plan", "--format", "json", "-f", to], &db).stdout;
    expect(&run(&[&["apply", "-f", to][..], &apply].concat(), &db), "the apply")?;
    db.forget();
    expect(&run(&["plan", "--exit-code", "-f", to], &db), "the second plan")?;
    let hazard = |class: &str| json.contains(&format!("\"class\": \"{class}\""));
    if !hazard("data") && !kept(&rows, &db.psql(ROWS)) {
        return Err(format!("rows were lost without hazard `data`\nbefore:\n{rows}\nafter:\n{}", db.psql(ROWS)));
    }
    if !hazard("rewrite") && !hazard("data") && !kept(&files, &db.psql(FILES)) {
        return Err(format!("a table was rewritten without hazard `rewrite`\n{files}\n{}", db.psql(FILES)));
    }
    if !own {
        let straight = Database::create_in(server);
        expect(&run(&[&["apply", "-f", to][..], &apply].concat(), &straight), "building the end straight")?;
        same("the database differs from one built straight", &straight.pg_dump(), &db.pg_dump())?;
    }
    let pulled = tempfile::tempdir().expect("a directory");
    let dir = pulled.path().display().to_string();
    expect(&run(&["pull", "-q", "-o", &dir], &db), "the pull")?;
    expect(&run(&["plan", "--exit-code", "-f", &dir], &db), "the plan after a pull")
}

/// Rows of every user's table, as `schema.table|count`, one a line.
pub const ROWS: &str = "select format('%I.%I', n.nspname, c.relname), (xpath('/row/n/text()', query_to_xml(
        format('select count(*) as n from %I.%I', n.nspname, c.relname), false, true, '')))[1]::text
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^(pg_|dbstate$|information_schema$)'
    order by 1";

/// The file of every user's table: a rewrite gives it another.
const FILES: &str = "select format('%I.%I', n.nspname, c.relname), c.oid, c.relfilenode
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname !~ '^(pg_|dbstate$|information_schema$)' order by 1";

/// True when every line of what was is among what is; a table that was renamed keeps its numbers, and one without rows has none
/// to lose.
fn kept(before: &str, after: &str) -> bool {
    let numbers = |line: &str| line.split_once('|').map(|(_, n)| n.to_owned());
    let after: Vec<Option<String>> = after.lines().map(numbers).collect();
    before.lines().filter(|line| !line.ends_with("|0")).all(|line| after.contains(&numbers(line)))
}

fn expect(output: &Output, what: &str) -> Result<(), String> {
    match output.code {
        Some(0) => Ok(()),
        code => Err(format!("{what} ends with {code:?}:\n{}{}", output.stdout, output.stderr)),
    }
}

fn refused(case: &Case, text: &str, output: &Output) -> Result<(), String> {
    let said = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    if matches!(output.code, Some(1 | 3)) && said.contains(text) {
        return Ok(());
    }
    Err(format!(
        "{}: expected a refusal with `{text}`, got {:?}:\n{}{}",
        case.name, output.code, output.stdout, output.stderr
    ))
}

/// The file with the plan for that major version: `plan-17.sql` holds from 17 on.
fn plan_of(dir: &Path, plan: &str, major: u32) -> PathBuf {
    let from = |n: &u32| dir.join(plan.replace(".sql", &format!("-{n}.sql")));
    let newer = (15..=major).rev().find(|n| from(n).is_file());
    newer.map_or_else(|| dir.join(plan), |n| from(&n))
}

fn compare(path: &Path, plan: &str) -> Result<(), String> {
    if std::env::var_os("DBSTATE_BLESS").is_some() {
        fs::write(path, plan).map_err(|e| e.to_string())?;
    }
    same("the plan differs from plan.sql", &fs::read_to_string(path).unwrap_or_default(), plan)
}

fn same(what: &str, expected: &str, found: &str) -> Result<(), String> {
    let (left, right) = (without_column_order(expected), without_column_order(found));
    if left == right {
        return Ok(());
    }
    let diff = similar::TextDiff::from_lines(&left, &right).unified_diff().header("expected", "found").to_string();
    Err(format!("{what}:\n{diff}"))
}
