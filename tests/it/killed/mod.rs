//! An apply that is killed leaves a state from which the next one ends as declared, with every row and nothing besides.
//!
//! A seed determines a plan, with rows; at which request it is killed: before the server has it, in the middle of it, or
//! before the answer arrives; and how. `DBSTATE_KILLS=n` says how many seeds (28 else), from `DBSTATE_FIRST` on;
//! `DBSTATE_SEED=7` runs one. What is killed is the program itself, run as a user runs it.

#![expect(clippy::print_stdout, reason = "a run says what it found")]

mod online;

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use dbstate::local::{Server, Status};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::cases::ROWS;
use crate::random::rng::Rng;
use crate::random::{self, Pair};
use crate::support::binary::command;
use crate::support::cluster::own_cluster_with;
use crate::support::database::{Database, psql, unordered};
use crate::support::project::Project;
use crate::support::proxy::{Phase, Proxy};

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kill {
    /// The program, by `kill -9`.
    Program,
    /// Its session, by `pg_terminate_backend`.
    Session,
    /// The server's process of its session, by `kill -9`: the server starts itself anew.
    Process,
    /// The server, which stops at once and is started again.
    Server,
    /// The server's first process, by `kill -9`: the others end one after the other, before it can be started again.
    Postmaster,
    /// The network: the connection ends.
    Network,
    /// The network: nothing passes any more.
    Frozen,
}

const KILLS: [Kill; 7] =
    [Kill::Program, Kill::Session, Kill::Process, Kill::Server, Kill::Postmaster, Kill::Network, Kill::Frozen];

/// How long a program that was cut off may take to see it.
const PATIENCE: Duration = Duration::from_mins(2);

/// Every object with what `pg_dump` does not tell: whether an index or a constraint is valid, and names.
const OBJECTS: &str = "
    select 'relation', format('%I.%I', n.nspname, c.relname), c.relkind::text, i.indisvalid and i.indisready and i.indislive
    from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_index i on i.indexrelid = c.oid
    where n.nspname !~ '^(pg_|dbstate$|information_schema$)'
    union all
    select 'constraint', format('%s: %I', conrelid::regclass, conname), contype::text, convalidated
    from pg_constraint where conrelid <> 0 and connamespace::regnamespace::text !~ '^(pg_|dbstate$|information_schema$)'
    union all
    select 'detached half', inhrelid::regclass::text, '', inhdetachpending from pg_inherits where inhdetachpending
    order by 1, 2, 3, 4";

/// What an apply may leave in a cluster only while it runs.
const LEFT: &str = "
    select 'database ' || datname from pg_database where starts_with(datname, 'dbstate_')
    union all select 'role ' || rolname from pg_roles where starts_with(rolname, 'dbstate')
    union all select 'lock of ' || pid from pg_locks where locktype = 'advisory'
    union all select 'session ' || pid from pg_stat_activity where application_name = 'dbstate'
    union all select 'prepared transaction ' || gid from pg_prepared_xacts";

/// What a seed says.
struct Run {
    settings: String,
    before: String,
    rows: String,
    after: String,
    rng: Rng,
}

impl Run {
    fn new(seed: u64, major: u32) -> Self {
        let mut rng = Rng::new(seed);
        if seed.is_multiple_of(2) {
            let [before, rows, after] = online::files(&mut rng);
            return Self { settings: String::new(), before, rows, after, rng };
        }
        let [settings, before, rows, after] = Pair::files(seed, major);
        Self { settings, before, rows, after, rng }
    }

    /// Where to kill, among the requests of an apply that was let be: mostly at what changes something.
    fn moment(&mut self, requests: &[String]) -> (usize, Phase) {
        let simple: Vec<usize> = (0..requests.len()).filter(|i| !requests[*i].is_empty()).collect();
        let at = if self.rng.one_in(6) { self.rng.below(requests.len()) } else { *self.rng.pick(&simple) };
        let within = Phase::Within(Duration::from_millis(self.rng.below(12) as u64));
        (at, *self.rng.pick(&[Phase::Before, within, Phase::After]))
    }
}

/// A cluster, and a line to it that can be cut.
struct Bench<'a> {
    server: &'a Server,
    proxy: Proxy,
}

impl Bench<'_> {
    /// Runs a seed: how it ended, or what is wrong.
    fn judge(&self, seed: u64) -> String {
        let mut run = Run::new(seed, self.server.version().major);
        let before = Database::create_in(self.server);
        let project = Project::new(&before, &[("schema.yaml", &run.before)]);
        if !run.settings.is_empty() {
            project.write("dbstate.yaml", &(run.settings.clone() + "files: [schema.yaml]\n"));
        }
        project.apply();
        before.psql(&run.rows);
        project.write("schema.yaml", &run.after);

        let straight = before.copy();
        self.proxy.open(None);
        let mut child = self.start(&project, straight.name());
        if child.wait().expect("it ends").code() != Some(0) {
            return "refused".to_owned();
        }
        let requests = self.proxy.requests();
        let moment = run.moment(&requests);
        let kill = KILLS[usize::try_from(seed / 2).expect("a small number") % KILLS.len()];
        let database = before.copy();
        let said = format!(
            "seed {seed}, {kill:?} at {moment:?} of {}: {}\n# before\n{}\n# after\n{}\n",
            requests.len(),
            requests[moment.0],
            run.before,
            run.after
        );
        let landed = self.kill(kill, moment, &project, &database);
        assert!(landed.is_ok(), "{said}{landed:?}");
        self.hold(&database, &straight, &project, &said);
        landed.expect("it is well").to_owned()
    }

    /// The program, as it applies the project to a database by way of the proxy.
    fn start(&self, project: &Project, database: &str) -> Child {
        let url = self.proxy.url(database) + "&keepalives_idle=1&keepalives_interval=1&keepalives_count=2";
        let mut command = command(project.path());
        command.args(["apply", "--yes", "--allow", "data,access,rewrite,block,breaking", "-d", &url]);
        command.current_dir(project.path()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().expect("the program starts")
    }

    /// Kills an apply; how it went.
    fn kill(
        &self,
        kill: Kill,
        moment: (usize, Phase),
        project: &Project,
        database: &Database<'_>,
    ) -> Result<&'static str, String> {
        self.proxy.open(Some(moment));
        let mut child = self.start(project, database.name());
        let process = loop {
            if let Some(process) = self.proxy.held() {
                break process;
            }
            if child.try_wait().expect("a status").is_some() {
                return Ok("ended before");
            }
            sleep(Duration::from_millis(1));
        };
        self.strike(kill, &mut child, process);
        let end = Instant::now() + PATIENCE;
        while child.try_wait().expect("a status").is_none() {
            if Instant::now() > end {
                _ = child.kill();
                return Err("the program did not see that it was cut off".to_owned());
            }
            sleep(Duration::from_millis(2));
        }
        self.proxy.cut();
        let output = child.wait_with_output().expect("it ended");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.code() {
            // The last answer was of no more use to it.
            Some(0) => Ok("ended well"),
            Some(1) if said.contains("panicked") || said.trim().is_empty() => Err(said),
            Some(1) => Ok("cut off"),
            None if kill == Kill::Program => Ok("killed"),
            _ => Err(format!("{:?}: {said}", output.status)),
        }
    }

    fn strike(&self, kill: Kill, child: &mut Child, process: i32) {
        match kill {
            Kill::Program => child.kill().expect("it is killed"),
            Kill::Session => {
                let sql = format!("select pg_terminate_backend({process})");
                psql(self.server, "postgres", &sql);
                let gone = format!("select count(*) from pg_stat_activity where pid = {process}");
                self.until(&gone, "0");
            }
            Kill::Process => {
                signal(process, Signal::KILL);
                self.proxy.release();
                self.wait_for_server();
            }
            Kill::Server => self.restart(Signal::QUIT),
            Kill::Postmaster => self.restart(Signal::KILL),
            Kill::Network => self.proxy.cut(),
            Kill::Frozen => self.proxy.freeze(),
        }
        if kill != Kill::Frozen {
            self.proxy.release();
        }
    }

    /// Ends the server by a signal, and starts it again.
    fn restart(&self, how: Signal) {
        let Status::Running { pid, .. } = self.server.status() else { panic!("it runs") };
        signal(pid, how);
        _ = waitpid(Pid::from_raw(pid), WaitOptions::empty());
        let end = Instant::now() + PATIENCE;
        // While a process of the old one still runs, its shared memory is in use and PostgreSQL refuses to start.
        while let Err(error) = self.server.start() {
            assert!(Instant::now() < end, "{error}");
            sleep(Duration::from_millis(20));
        }
    }

    fn until(&self, sql: &str, answer: &str) {
        while psql(self.server, "postgres", sql) != answer {
            sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the server takes sessions again.
    fn wait_for_server(&self) {
        let end = Instant::now() + PATIENCE;
        let answers = || {
            let mut command = self.server.psql_command("postgres");
            let output = command.args(["--no-psqlrc", "-c", "select 1"]).output().expect("the client starts");
            output.status.success()
        };
        // It takes a moment to see that one of its processes is gone.
        sleep(Duration::from_millis(50));
        while !answers() {
            assert!(Instant::now() < end, "the server did not come back");
            sleep(Duration::from_millis(20));
        }
    }

    /// Sees that the next apply ends like the one that was let be.
    fn hold(&self, database: &Database<'_>, straight: &Database<'_>, project: &Project, said: &str) {
        let to = |args: &[&str]| {
            let url = database.url();
            let mut command = command(project.path());
            command.args(args).args(["-d", &url]).current_dir(project.path());
            let output = command.output().expect("the program starts");
            let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
            assert_eq!(output.status.code(), Some(0), "{said}{args:?}\n{text}");
        };
        to(&["apply", "--yes", "--allow", "data,access,rewrite,block,breaking"]);
        database.forget();
        to(&["plan", "--exit-code"]);
        let same = |what: &str, see: &dyn Fn(&Database<'_>) -> String| {
            let [is, should] = [database, straight].map(see);
            let diff = dbstate::diff::show::lines(&should, &is);
            let differ: Vec<String> = diff.iter().map(|(sign, line)| format!("{sign} {line}")).collect();
            assert!(is == should, "{said}{what} differ:\n{}", differ.join("\n"));
        };
        same("rows", &|database| database.psql(ROWS));
        same("objects", &|database| database.psql(OBJECTS));
        same("dumps", &|database| unordered(&database.pg_dump()));
        let left = psql(self.server, "postgres", LEFT);
        assert_eq!(left, "", "{said}something is left");
    }
}

fn signal(process: i32, signal: Signal) {
    // It may have ended by itself.
    _ = kill_process(Pid::from_raw(process).expect("a process"), signal);
}

#[test]
fn an_apply_that_is_killed_is_finished_by_the_next() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let one = number("DBSTATE_SEED");
    let first = one.or(number("DBSTATE_FIRST")).unwrap_or(1);
    let end = first + if one.is_some() { 1 } else { number("DBSTATE_KILLS").unwrap_or(28) };
    let next = AtomicU64::new(first);
    let counts = Mutex::new((BTreeMap::<String, usize>::new(), Vec::new()));
    let worker = || {
        // What was committed outlives a crash of the server, if not one of the machine.
        let cluster = own_cluster_with(&[("synchronous_commit", "on"), ("full_page_writes", "on")]);
        random::pair::roles(cluster.server(), random::ROLES);
        let bench = Bench { server: cluster.server(), proxy: Proxy::to(cluster.server()) };
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return;
            }
            let judged = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| bench.judge(seed)));
            let mut counts = counts.lock().expect("no panic while held");
            let kill = KILLS[usize::try_from(seed / 2).expect("a small number") % KILLS.len()];
            match judged {
                Ok(how) => *counts.0.entry(format!("{kill:?}: {how}")).or_default() += 1,
                Err(panic) => {
                    let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                    *counts.0.entry(format!("{kill:?}: FAILED")).or_default() += 1;
                    counts.1.push(format!("== DBSTATE_SEED={seed}: {text}"));
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(worker);
        }
    });
    let (counts, failures) = counts.into_inner().expect("no panic while held");
    let lines: Vec<String> = counts.iter().map(|(name, count)| format!("{count:6} {name}")).collect();
    println!("kills from seed {first}:\n{}", lines.join("\n"));
    assert!(failures.is_empty(), "{}\n{}", lines.join("\n"), failures.join("\n"));
}
