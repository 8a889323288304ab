//! Whatever a file, a connection string or a row of a catalog holds, it is read or refused, and nothing panics.
//!
//! Good inputs are changed by chance: bytes, pieces of each other, and words that mean something to a reader. Each target
//! reads some hundred; `DBSTATE_FUZZ=n` has it read for so many seconds (`make fuzz`), `DBSTATE_SEED=7` from another
//! beginning. An input that panics is kept under `target/fuzz`.

#![expect(clippy::print_stdout, reason = "a run says what it found")]

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dbstate::declare::project::{Reading, read};
use dbstate::kinds;
use dbstate::local::Ephemeral;
use dbstate::ops;
use dbstate::session::{Overrides, Target, connect};

use crate::random::rng::Rng;
use crate::support::cluster::own_cluster;
use crate::support::database::Database;
use crate::support::project::Project;
use crate::support::proxy::{Lie, Proxy};

/// Pieces that mean something to one reader or another.
const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ": ",
    "- ",
    "&a ",
    "*a",
    "!!",
    "|",
    ">",
    "'",
    "\"",
    "\\",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\u{feff}",
    "%",
    "%zz",
    "@",
    "/",
    "?",
    "=",
    "://",
    ",",
    "#",
    "$$",
    "$a$",
    "--",
    "/*",
    ";",
    "::",
    "..",
    "0",
    "-1",
    "99999999999999999999",
    "null",
    "true",
    "é",
    "\u{202e}",
    "postgres://",
    "host=",
    "password=",
    "schemas:",
    "tables:",
    "was: ",
    "<<: ",
];

/// An input changed in a few places.
fn changed(corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut text = rng.pick(corpus).clone();
    for _ in 0..=rng.below(4) {
        let at = rng.below(text.len() + 1);
        let end = (at + rng.below(12)).min(text.len());
        match rng.below(6) {
            0 => _ = text.splice(at..at, rng.pick(WORDS).bytes()).count(),
            1 => _ = text.splice(at..end, rng.pick(WORDS).bytes()).count(),
            2 => _ = text.drain(at..end).count(),
            3 => {
                let piece = text[at..end].repeat(1 + rng.below(40));
                text.splice(at..at, piece);
            }
            4 => {
                let other = rng.pick(corpus);
                let from = rng.below(other.len() + 1);
                let to = (from + rng.below(80)).min(other.len());
                text.splice(at..end, other[from..to].iter().copied());
            }
            _ => {
                if let Some(byte) = text.get_mut(at) {
                    *byte = u8::try_from(rng.below(256)).expect("a byte");
                }
            }
        }
    }
    text
}

/// Reads changed inputs with `target`; panics with the places of those that panicked.
fn fuzz(name: &str, corpus: &[Vec<u8>], target: impl Fn(&[u8])) {
    attempt(name, 300, |rng| changed(corpus, rng), target);
}

/// The same with inputs that `make` makes; so many unless a time is given.
fn attempt(name: &str, inputs: u32, make: impl Fn(&mut Rng) -> Vec<u8>, target: impl Fn(&[u8])) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (mut rng, begun) = (Rng::new(number("DBSTATE_SEED").unwrap_or(1)), Instant::now());
    let seconds = number("DBSTATE_FUZZ").map(Duration::from_secs);
    let goes_on = |count: u32| seconds.map_or(count < inputs, |seconds| begun.elapsed() < seconds);
    let (mut count, mut kept) = (0, Vec::new());
    while goes_on(count) && kept.len() < 10 {
        let input = make(&mut rng);
        count += 1;
        if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/fuzz/{name}-{count}"));
            fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            fs::write(&path, &input).expect("a file");
            kept.push(path.display().to_string());
        }
    }
    println!("{name}: {count} inputs");
    assert!(kept.is_empty(), "{name}: these panic: {}", kept.join(", "));
}

fn texts(list: &[&str]) -> Vec<Vec<u8>> {
    list.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// Every project of the cases.
fn projects() -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    let mut queue = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases")];
    while let Some(next) = queue.pop() {
        if next.is_dir() {
            queue.extend(fs::read_dir(next).expect("a directory").flatten().map(|entry| entry.path()));
        } else if next.file_name().is_some_and(|name| name == "after.yaml") {
            out.push(fs::read(next).expect("a file"));
        }
    }
    out.sort();
    out
}

#[test]
fn project_files() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("schema.yaml");
    fuzz("project", &projects(), |input| {
        fs::write(&path, input).expect("a file");
        let (project, problems) = read(std::slice::from_ref(&path), dir.path(), &Reading::default(), kinds::register());
        _ = dbstate::report::diagnostic::render_short(&problems, &project.sources);
        if let Ok(text) = std::str::from_utf8(input) {
            let (formatted, ..) = ops::format::text(text);
            if let Some(once) = formatted {
                let (twice, ..) = ops::format::text(&once);
                assert_eq!(twice.as_deref(), Some(once.as_str()), "formatting changes what was formatted");
            }
        }
    });
}

#[test]
fn settings_files() {
    let dir = tempfile::tempdir().expect("a directory");
    let corpus = texts(&[
        "files: [schema.yaml]\nmanage: database\nexclude: [\"a*\"]\nlock_timeout: 3s\nledger: \"on\"\n",
        "database: { env: URL }\nenvironments: { live: { database: postgres://h/d, allow: [data] } }\nallow: [block]\n",
        "variables: { a: b }\nstatement_timeout: 1min\n",
    ]);
    fuzz("settings", &corpus, |input| {
        fs::write(dir.path().join("dbstate.yaml"), input).expect("a file");
        let (project, _) = dbstate::declare::project::settings_of(dir.path());
        _ = ops::Options::new(&project.settings, None);
    });
}

#[test]
fn saved_plans() {
    let database = Database::create();
    let project =
        Project::new(&database, &[("schema.yaml", "schemas: { shop: { tables: { a: { columns: { id: int } } } } }\n")]);
    project.run(&["plan", "--out", "plan.json"], 0);
    let path = project.path().join("plan.json");
    let plan = fs::read(&path).expect("a plan");
    fuzz("plan", &[plan], |input| {
        fs::write(&path, input).expect("a file");
        if let Ok(saved) = ops::saved::read(&path) {
            _ = saved.touched(kinds::register());
            _ = ops::saved::open(&saved, project.path(), ops::Scratch::None);
        }
    });
}

#[test]
fn connection_strings() {
    let corpus = texts(&[
        "postgres://u:p%20w@[::1]:5432,h2:5433/d?sslmode=verify-full&options=-c%20a%3Db&target_session_attrs=any",
        "postgresql:///d?host=/run/pg&port=5432&user=u",
        "host=a,b port=1,2 user='a b' dbname=d password='it\\'s' sslmode=require connect_timeout=3",
        "service=shop keepalives_idle=9 channel_binding=require sslrootcert=system load_balance_hosts=random",
        "shop",
    ]);
    fuzz("conninfo", &corpus, |input| {
        let text = String::from_utf8_lossy(input);
        if let Ok(target) = Target::parse(&text) {
            let shown = target.to_string();
            let again = Target::parse(&shown).unwrap_or_else(|e| panic!("{shown}: {e}")).to_string();
            assert_eq!(again, shown, "what is shown means the same");
        }
    });
}

#[test]
fn service_and_password_files() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = |name: &str| dir.path().join(name).display().to_string();
    let environment: HashMap<&str, String> =
        [("PGSERVICEFILE", place("service")), ("PGPASSFILE", place("pass")), ("PGSERVICE", "shop".to_owned())].into();
    let services = texts(&[
        "# c\n[shop]\nhost=h\nport=5433\nuser=u\ndbname=d\n\n[other]\nsslmode=require\n",
        "[shop]\nhost=/run/pg\npassword=x y\noptions=-c a=b\n",
    ]);
    let resolve = || {
        let env = |name: &str| environment.get(name).cloned();
        if let Ok(target) = Target::resolve(None, &Overrides::default(), &env) {
            target.hosts().iter().for_each(|host| _ = target.password(host));
        }
    };
    fs::write(place("pass"), "h:5433:d:u:secret\n").expect("a file");
    fuzz("service", &services, |input| {
        fs::write(place("service"), input).expect("a file");
        resolve();
    });
    fs::write(place("service"), "[shop]\nhost=h\nport=5433\nuser=u\ndbname=d\n").expect("a file");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(place("pass"), mode).expect("a mode");
    fuzz("pass", &texts(&["# c\nh:5433:d:u:se\\:cr\\\\et\n*:*:*:*:x\n", "/run/pg:*:d:u:p\n\n"]), |input| {
        fs::write(place("pass"), input).expect("a file");
        resolve();
    });
}

/// Changes some values of some rows: to null, to what the same column held before, to another of the row, or by chance.
fn lie(mut rng: Rng) -> Lie {
    let rate = *rng.pick(&[3, 30, 300, 3000]);
    let mut earlier: HashMap<(usize, usize), Option<Vec<u8>>> = HashMap::new();
    Box::new(move |values| {
        let count = values.len();
        for at in 0..count {
            let now = values[at].clone();
            if rng.one_in(rate) {
                values[at] = match rng.below(5) {
                    0 => None,
                    1 => values[rng.below(count)].clone(),
                    2 => Some(changed(&[now.clone().unwrap_or_default()], &mut rng)),
                    _ => earlier.get(&(count, at)).cloned().flatten(),
                };
            }
            if rng.one_in(4) {
                earlier.insert((count, at), now);
            }
        }
    })
}

/// A database of every kind, and a line to it that lies.
struct Liar<'a> {
    proxy: Proxy,
    target: Target,
    runtime: tokio::runtime::Runtime,
    wanted: dbstate::declare::project::Project,
    options: ops::Options,
    /// The files of the project, and the database.
    _kept: (Project, Database<'a>),
}

impl<'a> Liar<'a> {
    fn in_cluster(cluster: &'a Ephemeral) -> Self {
        let database = Database::named(cluster.server(), "every");
        let files = ["schema.yaml", "roles.yaml"];
        let texts = [include_str!("../every_kind/schema.yaml"), include_str!("../every_kind/roles.yaml")];
        let files_on_disk = Project::new(&database, &[(files[0], texts[0]), (files[1], texts[1])]);
        files_on_disk.run(&["apply", "--yes", "--allow", "access"], 0);
        let paths = files.map(|name| files_on_disk.path().join(name));
        let (wanted, _) = read(&paths, files_on_disk.path(), &Reading::default(), kinds::register());
        let options = ops::Options::new(&wanted.settings, None).expect("options");
        let proxy = Proxy::to(cluster.server());
        Self {
            target: Target::parse(&proxy.url(database.name())).expect("a target"),
            proxy,
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"),
            wanted,
            options: ops::Options { scratch: ops::Scratch::None, ..options },
            _kept: (files_on_disk, database),
        }
    }

    fn plan(&self) {
        self.runtime.block_on(async {
            let Ok(session) = connect(&self.target, &[]).await else { return };
            if let Ok(planned) = ops::plan::plan(&session, &self.wanted.state, &self.options).await {
                _ = dbstate::report::json::plan(&planned, &self.wanted.sources);
                _ = dbstate::report::markdown::plan(&planned, &self.wanted.sources);
            }
        });
    }

    /// Sees that the line still leads to the database: else every input would have been refused for that.
    fn stops(&self) {
        self.proxy.lie(None);
        self.runtime.block_on(async {
            let session = connect(&self.target, &[]).await.expect("a session");
            ops::pull::pull(&session, &ops::pull::Choices::default()).await.expect("files");
        });
    }

    fn pull(&self) {
        self.runtime.block_on(async {
            let Ok(session) = connect(&self.target, &[]).await else { return };
            _ = ops::pull::pull(&session, &ops::pull::Choices::default()).await;
        });
    }
}

#[test]
fn catalog_rows() {
    let cluster = own_cluster();
    let liar = Liar::in_cluster(&cluster);
    let seed = |rng: &mut Rng| rng.below(usize::MAX).to_string().into_bytes();
    attempt("rows", 100, seed, |input| {
        let seed = String::from_utf8_lossy(input).parse().expect("a number");
        liar.proxy.lie(Some(lie(Rng::new(seed))));
        liar.plan();
        liar.pull();
    });
    liar.stops();
}

#[test]
fn catalog_rows_without_a_value() {
    let cluster = own_cluster();
    let liar = Liar::in_cluster(&cluster);
    let (send, widths) = std::sync::mpsc::channel();
    liar.proxy.lie(Some(Box::new(move |values| _ = send.send(values.len()))));
    liar.pull();
    liar.proxy.lie(None);
    let widths: BTreeSet<usize> = widths.iter().collect();
    assert!(widths.len() > 10, "{widths:?}");
    for width in widths {
        for at in 0..width {
            liar.proxy.lie(Some(Box::new(move |values| {
                if values.len() == width {
                    values[at] = None;
                }
            })));
            liar.pull();
        }
    }
    liar.stops();
}
