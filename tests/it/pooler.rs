//! Plans and applies by way of PgBouncer, which `make test` installs.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::binary::command;
use crate::support::cluster::cluster;
use crate::support::database::Database;
use crate::support::program::server_user;
use crate::support::project::Project;

/// A PgBouncer before the cluster of this run, ended with this value.
struct Pooler {
    port: u16,
    process: Child,
    _dir: tempfile::TempDir,
}

impl Pooler {
    fn start(mode: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let path = |name: &str| dir.path().join(name).display().to_string();
        let socket = cluster().socket_directory();
        let settings = format!(
            "[databases]\n* = host={} port=5432 user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = {mode}\nlogfile = {}\npidfile = {}\n",
            socket.display(),
            path("log"),
            path("pid")
        );
        fs::write(path("pgbouncer.ini"), settings).expect("a file");
        let mut command = Command::new(program());
        if let Some((uid, gid)) = server_user() {
            // It refuses to run as root.
            chown(dir.path(), Some(uid), Some(gid)).expect("an owner");
            command.uid(uid).gid(gid);
        }
        command.arg("-q").arg(path("pgbouncer.ini")).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
        let process = command.spawn().expect("PgBouncer starts");
        let end = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = fs::read_to_string(path("log")).unwrap_or_default();
            assert!(Instant::now() < end, "PgBouncer does not answer: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { port, process, _dir: dir }
    }

    /// Runs the program on a database by way of it; the exit code, and all it said.
    fn run(&self, project: &Project, database: &Database<'_>, args: &[&str]) -> (Option<i32>, String) {
        let url = format!("postgres://postgres@127.0.0.1:{}/{}?sslmode=disable", self.port, database.name());
        let mut command = command(project.path());
        let output = command.args(args).args(["-d", &url]).current_dir(project.path()).output().expect("it starts");
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        (output.status.code(), said)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        _ = kill_process(Pid::from_child(&self.process), Signal::INT);
        _ = self.process.wait();
    }
}

/// On the path, or where Debian keeps servers.
pub fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    let found = places.map(|dir| dir.join("pgbouncer")).find(|path| path.is_file());
    found.expect("PgBouncer is installed: `make test` sees to it")
}

const BEFORE: &str = "schemas: { shop: { tables: { a: { columns: { id: int } } } } }\n";
/// A check whose text the scratch database settles, an index that is built outside of transactions, a role.
const AFTER: &str = r#"schemas:
  shop:
    tables:
      a:
        columns: { id: int, note: text }
        indexes: { a_id: [id] }
        checks: { a_note: "note in ('x','y')" }
"#;

fn filled() -> (Database<'static>, Project) {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", BEFORE)]);
    project.apply();
    database.psql("insert into shop.a select generate_series(1, 100)");
    project.write("schema.yaml", AFTER);
    (database, project)
}

#[test]
fn a_pool_of_sessions_serves_everything() {
    let pooler = Pooler::start("session");
    let (database, project) = filled();
    let (code, said) = pooler.run(&project, &database, &["plan", "--exit-code"]);
    assert_eq!(code, Some(2), "{said}");
    let (code, said) = pooler.run(&project, &database, &["apply", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    project.write("schema.yaml", &AFTER.replace("('x','y')", "('x', 'y') and id > 0"));
    let (code, said) = pooler.run(&project, &database, &["apply", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = pooler.run(&project, &database, &["plan", "--exit-code"]);
    assert_eq!(code, Some(0), "{said}");
    project.settled();
}

#[test]
fn a_pool_of_transactions_serves_plans_and_refuses_applies() {
    let pooler = Pooler::start("transaction");
    let (database, project) = filled();
    for _ in 0..3 {
        let (code, said) = pooler.run(&project, &database, &["plan", "--exit-code"]);
        assert_eq!(code, Some(2), "{said}");
        let (code, said) = pooler.run(&project, &database, &["apply", "--yes"]);
        assert_eq!(code, Some(1), "{said}");
        for told in ["lends sessions of the server by the transaction", "`pool_mode = session`", "nothing was changed"]
        {
            assert!(said.replace("\n  | ", " ").replace("\n        ", " ").contains(told), "{told}: {said}");
        }
    }
    let locks = "select count(*) from pg_locks join pg_database d on d.oid = database
                 where locktype = 'advisory' and datname = current_database()";
    assert_eq!(database.psql(locks), "0");
    project.run(&["apply", "--yes"], 0);
    let (code, said) = pooler.run(&project, &database, &["plan", "--exit-code"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = pooler.run(&project, &database, &["pull"]);
    assert!(code == Some(0) && said.contains("a_note"), "{said}");
}
