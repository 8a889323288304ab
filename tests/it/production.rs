//! `examples/production`, tried: its configuration, its certificates, its pool, its backup and the restore of that.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::pooler::program;
use crate::support::binary::dbstate_with;
use crate::support::program::{free_port, run, server_command, server_user};

const PASSWORD: &str = "the superuser's";

/// A directory with the files of the example, and a server that runs with them.
struct Production {
    dir: tempfile::TempDir,
    port: u16,
    processes: Vec<Child>,
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/production")
}

impl Production {
    fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut it = Self { dir, port: free_port(), processes: Vec::new() };
        for name in ["postgresql.conf", "pg_hba.conf", "pgbouncer.ini"] {
            // Where the containers have it, and where it is here.
            let text = fs::read_to_string(example().join(name)).expect(name).replace("/etc/activity", &it.path(""));
            fs::write(it.path(name), text).expect("written");
        }
        run(Command::new(example().join("certificates")).args([&it.path("tls"), "localhost", "postgres-db"]));
        fs::create_dir(it.path("tls-pooler")).expect("a directory");
        for name in ["ca.key", "ca.crt"] {
            fs::copy(it.path("tls/") + name, it.path("tls-pooler/") + name).expect("copied");
        }
        run(Command::new(example().join("certificates")).args([&it.path("tls-pooler"), "localhost"]));
        fs::write(it.path("password"), PASSWORD).expect("written");
        it.own();
        let (data, password) = (it.path("data"), format!("--pwfile={}", it.path("password")));
        run(server_command("initdb", server_user())
            .args(["-U", "postgres", "-A", "scram-sha-256", "-N"])
            .args([&password, "-D", &data]));
        it.serve();
        it
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    /// Hands everything to the user that the server runs as.
    fn own(&self) {
        if let Some((uid, gid)) = server_user() {
            run(Command::new("chown").arg("-R").arg(format!("{uid}:{gid}")).arg(self.dir.path()));
            chown(self.dir.path(), Some(uid), Some(gid)).expect("an owner");
        }
    }

    fn serve(&mut self) {
        let mut command = server_command("postgres", server_user());
        command.args(["-D", &self.path("data"), "-F", "-c", &format!("config_file={}", self.path("postgresql.conf"))]);
        command.args(["-k", &self.path(""), "-p", &self.port.to_string()]);
        let log = fs::File::create(self.path("log")).expect("a log");
        self.processes.push(command.stderr(log).stdout(Stdio::null()).spawn().expect("postgres starts"));
        self.wait(self.port, "log");
        // A port that answers is no server yet that lets one in.
        let end = Instant::now() + Duration::from_secs(30);
        while !self.as_maintenance("psql").args(["-Xqc", "select 1"]).output().expect("psql runs").status.success() {
            assert!(Instant::now() < end, "{}", fs::read_to_string(self.path("log")).unwrap_or_default());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn pool(&mut self) -> u16 {
        let port = free_port();
        let text = fs::read_to_string(self.path("pgbouncer.ini")).expect("settings");
        let text = text
            .replace("host=postgres-db port=5432", &format!("host=localhost port={}", self.port))
            .replace("listen_addr = *", "listen_addr = 127.0.0.1")
            .replace("listen_port = 6432", &format!("listen_port = {port}\nlogfile = {}", self.path("pool.log")));
        fs::write(self.path("pgbouncer.ini"), text).expect("written");
        fs::write(self.path("userlist.txt"), "\"pgbouncer\" \"pool\"\n").expect("written");
        self.own();
        let mut command = Command::new(program());
        if let Some((uid, gid)) = server_user() {
            command.uid(uid).gid(gid);
        }
        command.arg("-q").arg(self.path("pgbouncer.ini")).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
        self.processes.push(command.spawn().expect("PgBouncer starts"));
        self.wait(port, "pool.log");
        port
    }

    fn wait(&self, port: u16, log: &str) {
        let end = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = fs::read_to_string(self.path(log)).unwrap_or_default();
            assert!(Instant::now() < end, "nobody answers: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A client, or a script of the example, as the superuser by the socket.
    fn as_maintenance(&self, program: &str) -> Command {
        let found = server_command("psql", None).get_program().to_owned();
        let bin = Path::new(&found).parent().expect("a directory").to_owned();
        let own = example().join(program);
        let mut command = Command::new(if own.is_file() { own } else { bin.join(program) });
        let path = std::env::var("PATH").expect("a path");
        command.env("PATH", format!("{}:{path}", bin.display()));
        command.env("PGHOST", self.dir.path()).env("PGPORT", self.port.to_string()).env("PGUSER", "postgres");
        command.env("BACKUP_DIRECTORY", self.path("backups"));
        command
    }

    fn psql(&self, database: &str, sql: &str) -> String {
        let output = run(self.as_maintenance("psql").args(["-XAqtd", database, "-v", "ON_ERROR_STOP=1", "-c", sql]));
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }

    /// A service that connects to a port on this host.
    fn service(&self, port: u16, mode: &str, user: &str, password: &str, sql: &str) -> Output {
        let root = self.path("tls/ca.crt");
        let url = format!("host=localhost port={port} dbname=activitydb user={user} sslmode={mode} sslrootcert={root}");
        let mut command = self.as_maintenance("psql");
        command.env("PGPASSWORD", password).args(["-XAqt", &url, "-c", sql]).output().expect("psql runs")
    }
}

impl Drop for Production {
    fn drop(&mut self) {
        for process in self.processes.iter_mut().rev() {
            _ = kill_process(Pid::from_child(process), Signal::INT);
            _ = process.wait();
        }
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn the_production_example_works() {
    let mut it = Production::start();
    it.psql("postgres", "create database activitydb");

    // The superuser comes by the loopback address with TLS and a password, as dbstate does by a container's network.
    let passwords = [("AUTH_API_PASSWORD", "auth"), ("WRITE_API_PASSWORD", "write"), ("PGBOUNCER_PASSWORD", "pool")];
    let mut env: BTreeMap<String, String> = passwords.map(|(n, v)| (n.to_owned(), v.to_owned())).into();
    env.insert("PGPASSWORD".to_owned(), PASSWORD.to_owned());
    let root = it.path("tls/ca.crt");
    let url = format!(
        "host=localhost port={} dbname=activitydb user=postgres sslmode=verify-full sslrootcert={root}",
        it.port
    );
    let apply = ["apply", "--yes", "--allow", "access", "-d", &url];
    let output = dbstate_with(apply, &example(), &env);
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    assert_eq!(dbstate_with(["drift", "-d", &url], &example(), &env).code, Some(0));

    let who = "select current_user, ssl from pg_stat_ssl where pid = pg_backend_pid()";
    let output = it.service(it.port, "verify-full", "auth_api_user", "auth", who);
    assert_eq!(said(&output).trim(), "auth_api_user|t");
    let refused = said(&it.service(it.port, "disable", "auth_api_user", "auth", who));
    assert!(refused.contains("no pg_hba.conf entry") && refused.contains("no encryption"), "{refused}");
    let refused = said(&it.service(it.port, "require", "auth_api_user", "wrong", who));
    assert!(refused.contains("password authentication failed"), "{refused}");

    let pool = it.pool();
    let output = it.service(pool, "verify-full", "auth_api_user", "auth", who);
    assert_eq!(
        said(&output).trim(),
        "auth_api_user|t",
        "{}",
        fs::read_to_string(it.path("pool.log")).unwrap_or_default()
    );
    let refused = said(&it.service(pool, "require", "auth_api_user", "wrong", who));
    assert!(refused.contains("authentication failed"), "{refused}");
    let refused = said(&it.service(pool, "require", "postgres", PASSWORD, who));
    assert!(!refused.contains("postgres|t"), "superusers have no way in: {refused}");
    let refused = it.service(it.port, "require", "auth_api_user", "auth", "select pooler.login('postgres')");
    assert!(said(&refused).contains("permission denied"), "{}", said(&refused));

    let log = fs::read_to_string(it.path("log")).expect("the log");
    assert!(log.contains("connection authorized: user=auth_api_user database=activitydb"), "{log}");
    assert!(log.contains("statement: create table activity.users"), "{log}");
    assert!(log.contains("SSL enabled"), "{log}");
    for secret in ["'auth'", "'write'", PASSWORD] {
        assert!(!log.contains(secret), "a password is in the log");
    }

    backs_up_and_restores(&it);
    disks_are_looked_at(&it);
}

fn backs_up_and_restores(it: &Production) {
    it.psql("activitydb", "insert into activity.users (email, hashed_password) values ('ada@example.com', 'x')");
    let script = |name: &str| it.as_maintenance(name).env("PGDATABASE", "activitydb").output().expect("it runs");
    let output = script("backup");
    assert!(output.status.success(), "{}", said(&output));
    let output = script("restore-test");
    assert!(output.status.success() && said(&output).contains("activity.users: 1 rows"), "{}", said(&output));
    assert_eq!(it.psql("postgres", "select count(*) from pg_database where datname like '%restore%'"), "0");

    it.psql("activitydb", "alter table activity.users add column by_hand int");
    let output = script("restore-test");
    assert!(said(&output).contains("is defined otherwise"), "{}", said(&output));
    it.psql("activitydb", "alter table activity.users drop column by_hand");

    // A backup that is cut off: the newest by its name.
    let backups = || {
        let list = fs::read_dir(it.path("backups")).expect("backups").flatten().map(|entry| entry.path());
        list.collect::<Vec<_>>()
    };
    let [whole] = &backups()[..] else { panic!("one backup: {:?}", backups()) };
    let bytes = fs::read(whole).expect("a backup");
    fs::write(it.path("backups/activitydb-99990101T000000Z.dump"), &bytes[..bytes.len() * 9 / 10]).expect("written");
    let output = script("restore-test");
    assert!(!output.status.success() && said(&output).contains("can't be restored"), "{}", said(&output));

    // Old ones go, the new one stays.
    run(Command::new("touch").args(["-d", "2020-01-01"]).args(backups()));
    let output = script("backup");
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(backups().len(), 1, "{:?}", backups());
}

fn disks_are_looked_at(it: &Production) {
    let disk = |limit: &str| {
        let mut command = Command::new(example().join("disk"));
        command.env("DISK_LIMIT", limit).arg(it.dir.path()).output().expect("it runs").status.code()
    };
    assert_eq!((disk("100"), disk("-1")), (Some(0), Some(1)));
}
