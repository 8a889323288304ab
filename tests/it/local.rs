//! The embedded server: started, stopped, and found in every state a user may leave it in.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use dbstate::local::{Ephemeral, Installation, Options, Server, Status, find, installed};
use tempfile::TempDir;

use crate::support::cluster::{cluster, options, own_cluster};

/// The server of a project in a directory of its own, stopped at the end of the test.
struct Project {
    server: Server,
    dir: TempDir,
}

impl Project {
    fn new() -> Self {
        Self::in_directory(TempDir::new().expect("a project directory"), "")
    }

    /// The project in `inside` of a temporary directory.
    fn in_directory(dir: TempDir, inside: &str) -> Self {
        if rustix::process::geteuid().is_root() {
            fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).expect("the server's user may enter");
        }
        let project = dir.path().join(inside);
        fs::create_dir_all(&project).expect("created");
        Self { server: Server::open(&project, &options()).expect("opened"), dir }
    }

    fn again(&self) -> Server {
        Server::open(self.dir.path(), &options()).expect("opened again")
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        _ = self.server.stop();
        let local = self.dir.path().join(".dbstate/local");
        if let Ok(elsewhere) = local.read_link() {
            _ = fs::remove_dir_all(elsewhere);
        }
    }
}

fn query(server: &Server, sql: &str) -> String {
    let output = server.psql_command("postgres").args(["-XAtqc", sql]).output().expect("psql runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn pid(server: &Server) -> i32 {
    match server.status() {
        Status::Running { pid, since } => {
            assert!(since.is_some());
            pid
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_starts_once_and_stops_once() {
    let Project { server, .. } = &Project::new();
    assert_eq!(server.status(), Status::NotCreated);
    server.stop().expect("nothing to stop");
    server.start().expect("started");
    let first = pid(server);
    server.start().expect("started already");
    assert_eq!(pid(server), first);
    assert_eq!(query(server, "show server_version").split(' ').next(), Some(server.version().text.as_str()));
    server.stop().expect("stopped");
    assert_eq!(server.status(), Status::Stopped);
    server.stop().expect("stopped already");
}

#[test]
fn two_starts_at_once_make_one_server() {
    let project = Project::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let server = project.again();
                server.start().expect("started");
                assert_eq!(query(&server, "select 1"), "1");
            });
        }
    });
    let log = fs::read_to_string(project.server.log()).expect("a log");
    assert_eq!(log.matches("ready to accept connections").count(), 1, "{log}");
}

#[test]
fn data_is_kept_over_a_restart() {
    let project = Project::new();
    project.server.start().expect("started");
    query(&project.server, "create table t as select 42 as answer");
    project.server.stop().expect("stopped");
    let again = project.again();
    again.start().expect("started again");
    assert_eq!(query(&again, "select answer from t"), "42");
}

#[test]
fn a_killed_server_is_started_again() {
    let Project { server, dir } = &Project::new();
    server.start().expect("started");
    query(server, "create table t ()");
    query(server, "checkpoint");
    let running = rustix::process::Pid::from_raw(pid(server)).expect("a process");
    rustix::process::kill_process(running, rustix::process::Signal::KILL).expect("killed");
    _ = rustix::process::waitpid(Some(running), rustix::process::WaitOptions::empty());
    assert_eq!(server.status(), Status::Stopped);
    assert!(dir.path().join(".dbstate/local/data/postmaster.pid").exists());
    wait_for(|| server.start().is_ok());
    query(server, "select from t");
}

#[test]
fn a_pid_file_that_names_another_process_is_stale() {
    let Project { server, dir } = &Project::new();
    server.start().expect("started");
    server.stop().expect("stopped");
    let data = dir.path().join(".dbstate/local/data");
    let owner = data.metadata().expect("the data directory");
    let mut other = Command::new("sleep");
    if rustix::process::geteuid().is_root() {
        std::os::unix::process::CommandExt::uid(&mut other, owner.uid());
    }
    let mut other = other.arg("60").spawn().expect("a process of the server's user");
    let text = format!("{}\n{}\n1700000000\n5432\n/nowhere\n\n 1 1\nready   \n", other.id(), data.display());
    fs::write(data.join("postmaster.pid"), text).expect("written");
    assert_eq!(server.status(), Status::Stopped);
    server.stop().expect("not signalled");
    let started = server.start();
    assert!(other.try_wait().expect("still ours").is_none(), "another process was stopped");
    other.kill().and_then(|()| other.wait()).expect("ended");
    started.expect("started");
}

#[test]
fn a_long_project_path_has_its_socket_elsewhere() {
    let project =
        Project::in_directory(TempDir::new().expect("created"), &"a directory, \"long\" & ünusual/".repeat(5));
    let server = &project.server;
    server.start().expect("started");
    assert!(server.socket_directory().as_os_str().len() < 90);
    assert_eq!(query(server, "select 1"), "1");
    let before = server.socket_directory();
    assert_eq!(before.metadata().expect("the directory").mode() & 0o777, 0o700);
    server.stop().expect("stopped");
    server.start().expect("started");
    assert_eq!(server.socket_directory(), before);
    server.stop().expect("stopped");
    fs::remove_dir(&before).expect("removed, as a cleaner of temporary files does");
    server.start().expect("started");
    assert_eq!(query(server, "select 1"), "1");
    server.stop().expect("stopped");
    fs::remove_dir(server.socket_directory()).expect("empty");
}

#[test]
fn an_odd_but_short_project_path_works_in_urls() {
    let project = Project::in_directory(TempDir::new().expect("created"), "it's \"odd\" & ü%41");
    project.server.start().expect("started");
    assert_eq!(query(&project.server, "select 1"), "1");
    let url = project.server.url("a b/ü");
    assert!(url.starts_with("postgresql:///a%20b%2F%C3%BC?host=%2F"), "{url}");
    assert!(url.ends_with("&port=5432&user=postgres"), "{url}");
    let config: tokio_postgres::Config = url.parse().expect("a URL the driver takes");
    assert_eq!(config.get_hosts(), [tokio_postgres::config::Host::Unix(project.server.socket_directory())]);
}

#[test]
fn a_bad_setting_shows_the_end_of_the_log() {
    let dir = TempDir::new().expect("created");
    let settings = vec![("shared_buffers".to_owned(), "much".to_owned())];
    let server = Server::open(dir.path(), &Options { settings, ..options() }).expect("opened");
    let error = server.start().expect_err("refused");
    assert!(error.to_string().contains("invalid value for parameter \"shared_buffers\": \"much\""), "{error}");
    assert!(error.problem.help.as_deref().is_some_and(|help| help.contains("/log")), "{error:?}");
    assert_eq!(server.status(), Status::Stopped);
    forget(&server, dir.path());
}

#[test]
fn a_major_that_is_not_installed_says_what_is() {
    let dir = TempDir::new().expect("created");
    let asked = Options { major: Some(9), bin: None, ..options() };
    let error = Server::open(dir.path(), &asked).expect_err("refused");
    assert!(error.to_string().starts_with("PostgreSQL 9 is not installed"), "{error}");
    assert!(error.problem.help.as_deref().is_some_and(|help| help.contains("apt install postgresql-9")), "{error:?}");
}

#[test]
fn data_of_another_major_is_not_touched() {
    let project = Project::new();
    project.server.start().expect("started");
    project.server.stop().expect("stopped");
    fs::write(project.dir.path().join(".dbstate/local/data/PG_VERSION"), "9\n").expect("written");
    let error = Server::open(project.dir.path(), &options()).expect_err("refused");
    assert!(error.to_string().contains("needs PostgreSQL 9"), "{error}");
    let help = error.problem.help.expect("a cure");
    assert!(help.contains("start afresh"), "{help}");
    let asked = Options { major: Some(project.server.version().major), ..options() };
    let error = Server::open(project.dir.path(), &asked).expect_err("refused");
    assert!(error.to_string().contains("of PostgreSQL 9, and"), "{error}");
}

#[test]
fn no_other_user_can_enter_the_socket_directory_and_no_port_is_open() {
    let server = cluster();
    let socket = server.socket_directory().metadata().expect("the directory");
    assert_eq!(socket.mode() & 0o777, 0o700);
    assert_eq!(
        server.log().parent().and_then(|home| home.metadata().ok()).map(|home| home.mode() & 0o777),
        Some(0o700)
    );
    assert_eq!(query(server, "show listen_addresses"), "");
    assert_eq!(query(server, "show server_encoding"), "UTF8");
    assert_eq!(query(server, "show wal_level"), "logical");
}

#[test]
fn a_durable_server_keeps_its_safety() {
    let dir = TempDir::new().expect("created");
    let options = Options { durable: true, settings: Vec::new(), ..options() };
    let server = Server::open(dir.path(), &options).expect("opened");
    server.start().expect("started");
    let safety = query(
        &server,
        "select string_agg(setting, ' ' order by name) from pg_settings where name in ('fsync', 'full_page_writes', 'autovacuum', 'synchronous_commit')",
    );
    server.stop().expect("stopped");
    forget(&server, dir.path());
    assert_eq!(safety, "on on on on");
}

#[test]
fn a_server_that_may_lose_data_starts_without_any_setting() {
    let own = Ephemeral::start(&Options { settings: Vec::new(), ..options() }).expect("started");
    assert_eq!(query(own.server(), "show wal_level"), "minimal");
}

#[test]
fn a_dropped_cluster_leaves_nothing() {
    let own = own_cluster();
    let (server, home) = (own.server().clone(), own.server().log().parent().expect("a home").to_owned());
    assert_ne!(pid(&server), pid(cluster()));
    drop(own);
    assert_eq!(server.status(), Status::NotCreated);
    assert!(!home.exists());
}

#[test]
fn a_killed_run_leaves_nothing() {
    const ROLE: &str = "DBSTATE_TEST_TO_BE_KILLED";
    if std::env::var_os(ROLE).is_some() {
        let own = own_cluster();
        let _ = writeln!(std::io::stdout(), "\nlog: {}", own.server().log().display());
        std::thread::sleep(Duration::from_mins(1));
    }
    let mut run = Command::new(std::env::current_exe().expect("this program"));
    run.args(["--exact", "local::a_killed_run_leaves_nothing", "--nocapture"]).env(ROLE, "1").stdout(Stdio::piped());
    let mut run = run.spawn().expect("a run of this test only");
    let lines = BufReader::new(run.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let log = lines.into_iter().find_map(|line| line.strip_prefix("log: ").map(PathBuf::from)).expect("a server");
    assert!(log.exists());
    run.kill().and_then(|()| run.wait()).expect("killed");
    wait_for(|| !log.parent().is_some_and(Path::exists));
}

#[test]
fn as_root_a_project_that_the_server_can_not_reach_has_its_data_elsewhere() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let closed = TempDir::new().expect("created");
    let dir = closed.path().join("project");
    fs::DirBuilder::new().mode(0o700).create(&dir).expect("created");
    let server = Server::open(&dir, &options()).expect("opened");
    server.start().expect("started");
    assert_eq!(query(&server, "select 1"), "1");
    let elsewhere = dir.join(".dbstate/local").read_link().expect("a pointer");
    assert!(elsewhere.starts_with("/var/tmp"), "{elsewhere:?}");
    let again = Server::open(&dir, &options()).expect("opened again");
    assert_eq!(pid(&again), pid(&server));
    server.stop().expect("stopped");
    forget(&server, &dir);
}

#[test]
fn what_a_repository_may_bring_along_is_no_home() {
    let dir = TempDir::new().expect("created");
    let [dot, victim] = [".dbstate", "victim"].map(|name| dir.path().join(name));
    fs::create_dir_all(dot.join("local")).expect("created");
    fs::write(&victim, "precious").expect("written");
    symlink(&victim, dot.join(".gitignore")).expect("linked");
    let server = Server::open(dir.path(), &options()).expect("opened");
    let error = server.start().expect_err("readable by others");
    assert!(error.to_string().contains("is not a private directory"), "{error}");
    fs::remove_dir(dot.join("local")).expect("removed");
    symlink("/usr/local", dot.join("local")).expect("linked");
    let error = Server::open(dir.path(), &options()).expect_err("led astray");
    assert!(error.to_string().contains("did not make"), "{error}");
    fs::remove_file(dot.join("local")).expect("removed");
    server.start().expect("started");
    server.stop().expect("stopped");
    forget(&server, dir.path());
    assert_eq!(fs::read_to_string(victim).expect("still there"), "precious");
}

#[test]
fn every_installation_listed_can_be_asked_for() {
    for Installation { bin, version } in installed() {
        assert_eq!(Installation::at(&bin).expect("listed").version, version);
        assert_eq!(find(Some(version.major)).expect("listed").version.major, version.major);
    }
}

/// Removes what a server keeps outside its project.
fn forget(server: &Server, dir: &Path) {
    assert_eq!(server.status(), Status::Stopped);
    if let Ok(elsewhere) = dir.join(".dbstate/local").read_link() {
        fs::remove_dir_all(elsewhere).expect("removed");
    }
}

/// Waits up to ten seconds: the children of a killed server take a moment to notice.
fn wait_for(mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "still not so after ten seconds");
        std::thread::sleep(Duration::from_millis(20));
    }
}
