//! Sessions with a real server: sockets, TCP, passwords, every `sslmode`, and what errors say.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dbstate::diagnostic::{Code, Diagnostic};
use dbstate::session::{Session, Target, connect};

use crate::support::authority::Authority;
use crate::support::program::{free_port, run, server_command, server_user};

/// A private server with TLS, started in a temporary directory and killed when dropped.
struct Server {
    dir: tempfile::TempDir,
    port: u16,
    postgres: Child,
}

/// Who may come in how; see `auth-pg-hba-conf`.
const HBA: &str = "
local     all admin          trust
local     all all            scram-sha-256
hostssl   all tls_only all   scram-sha-256
hostnossl all plain_only all scram-sha-256
hostssl   all badge all      cert
host      all md5_user all   md5
host      all app all        scram-sha-256
";

const ROLES: &str = "
create role app login password 'pa ss:w@rd';
create role tls_only login password 'secret';
create role plain_only login password 'secret';
create role badge login;
set password_encryption = md5;
create role md5_user login password 'secret';
";

impl Server {
    fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let server_user = server_user();
        if let Some((uid, gid)) = server_user {
            chown(dir.path(), Some(uid), Some(gid)).expect("the server's user owns its directory");
        }
        let data = dir.path().join("data");
        let mut initdb = server_command("initdb", server_user);
        run(initdb.args(["-U", "admin", "-A", "trust", "-N", "-E", "UTF8", "--locale=C", "-D"]).arg(&data));
        fs::write(data.join("pg_hba.conf"), HBA).expect("a file");
        Authority::new(dir.path(), "ca");
        let certificate = Authority(dir.path().join("ca")).sign("server", Some("DNS:localhost,DNS:*.db.test"));
        install(&data, &certificate);
        let port = free_port();
        let mut command = server_command("postgres", server_user);
        command.arg("-D").arg(&data).arg("-k").arg(dir.path()).args(["-p", &port.to_string(), "-F"]);
        command.args(["-c", "listen_addresses=127.0.0.1", "-c", "ssl=on", "-c", "ssl_ca_file=ca.crt"]);
        let log = fs::File::create(dir.path().join("log")).expect("a log");
        let postgres = command.stderr(log).stdout(Stdio::null()).spawn().expect("postgres starts");
        let server = Self { dir, port, postgres };
        server.wait();
        server.sql(ROLES);
        server
    }

    fn wait(&self) {
        let end = Instant::now() + Duration::from_secs(30);
        while block(connect(&self.admin(), &[])).is_err() {
            let log = fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < end, "the server did not start: {log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn admin(&self) -> Target {
        self.target(&format!("host={} user=admin", self.dir.path().display()))
    }

    fn sql(&self, text: &str) {
        block(async { connect(&self.admin(), &[]).await.expect("a session").client.batch_execute(text).await })
            .expect("the statements run");
    }

    /// A target on this server; `text` names the rest.
    fn target(&self, text: &str) -> Target {
        Target::parse(&format!("dbname=postgres port={} connect_timeout=10 {text}", self.port)).expect("it parses")
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    /// Whether a session opens, and if so, whether it is encrypted as the server sees it.
    fn encrypted(&self, text: &str) -> Result<bool, Box<Diagnostic>> {
        let target = self.target(text);
        block(async {
            let session = connect(&target, &[]).await?;
            let sql = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
            let row = session.client.query_one(sql, &[]).await.expect("the query runs");
            assert_eq!(session.encrypted, row.get::<_, bool>(0));
            Ok(session.encrypted)
        })
    }

    /// The message and cure of a failure; neither may show a password.
    fn failure(&self, text: &str) -> String {
        let error = self.encrypted(text).expect_err(text);
        let shown = format!("{}; help: {}", error, error.problem.help.clone().unwrap_or_default());
        assert!(!format!("{shown} {error:?}").contains("pa ss"), "{shown}");
        assert_eq!(error.problem.code, Code::Connection);
        shown.replace(&self.port.to_string(), "PORT").replace(&self.path(""), "DIR/")
    }

    /// Takes another certificate into use.
    fn present(&self, certificate: &Path) {
        install(&self.dir.path().join("data"), certificate);
        self.sql("select pg_reload_conf()");
        std::thread::sleep(Duration::from_millis(500));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-QUIT", &self.postgres.id().to_string()]).status();
        let _ = self.postgres.wait();
    }
}

/// Copies certificate, key and authority to where the server looks.
fn install(data: &Path, certificate: &Path) {
    for (from, to) in [
        (certificate.with_extension("crt"), "server.crt"),
        (certificate.with_extension("key"), "server.key"),
        (certificate.with_file_name("ca.crt"), "ca.crt"),
    ] {
        let to = data.join(to);
        fs::copy(from, &to).expect("a copy");
        fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).expect("a mode");
        if let Some((uid, gid)) = server_user() {
            chown(&to, Some(uid), Some(gid)).expect("an owner");
        }
    }
}

fn block<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

const PASSWORD: &str = "password='pa ss:w@rd'";

#[test]
fn sockets_tcp_and_passwords() {
    let server = Server::start();
    let dir = server.path("");
    assert_eq!(server.encrypted(&format!("host={dir} user=admin sslmode=require")), Ok(false), "never on sockets");
    assert_eq!(server.encrypted(&format!("host={dir} user=app {PASSWORD}")), Ok(false));
    assert_eq!(server.encrypted(&format!("host=127.0.0.1 user=app sslmode=disable {PASSWORD}")), Ok(false));
    assert_eq!(server.encrypted("host=localhost user=md5_user password=secret sslmode=disable"), Ok(false));
    assert_eq!(server.encrypted(&format!("host={dir}none,127.0.0.1 user=app {PASSWORD}")), Ok(true), "the next host");
    assert_eq!(server.encrypted(&format!("host=unused hostaddr=127.0.0.1 user=app {PASSWORD}")), Ok(true));
    let primary = "host=127.0.0.1,localhost user=app load_balance_hosts=random";
    for attributes in ["any", "read-write", "primary", "prefer-standby"] {
        let text = format!("{primary} target_session_attrs={attributes} {PASSWORD}");
        assert_eq!(server.encrypted(&text), Ok(true), "{attributes}");
    }
    let local = "host=127.0.0.1 sslmode=disable";
    for (text, expected) in [
        (
            format!("{local} user=app password=pa_ss"),
            "password authentication failed for user \"app\"; help: check the password",
        ),
        (format!("{local} user=app"), "the server asks for a password, and none is given; help: set `PGPASSWORD`"),
        (format!("{local} user=nobody"), "no pg_hba.conf entry for host"),
        (format!("{local} user=app {PASSWORD} dbname=none"), "database \"none\" does not exist; help: check the name"),
        (format!("{local} user=app {PASSWORD} port=1"), "no connection to `127.0.0.1:1` as `app`: connection refused"),
        (format!("host={dir}none user=app"), "DIR/none/.s.PGSQL.PORT` as `app`: no such socket; help: is PostgreSQL"),
        ("host=no-such-host.invalid user=app".to_owned(), "the host name can't be resolved"),
        (format!("host={dir}a,{dir}b user=app"), "tried `DIR/a/.s.PGSQL.PORT`: no such socket; `DIR/b/.s.PGSQL.PORT`"),
        (format!("{local} user=app {PASSWORD} target_session_attrs=standby"), "the server is not a standby"),
        (format!("{local} user=app {PASSWORD} channel_binding=require"), "the server did not use channel binding"),
    ] {
        let shown = server.failure(&text);
        assert!(shown.contains(expected), "{text}\n{shown}");
    }
}

#[test]
fn a_session_works() {
    let server = Server::start();
    let target = server.target(&format!("host=localhost user=app options='-c work_mem=1MB' {PASSWORD}"));
    block(async {
        let startup = [("lock_timeout", "7s"), ("search_path", ""), ("app.text", "a b\\c")];
        let session = connect(&target, &startup).await.expect("a session");
        assert!(session.version.major() >= 14 && session.warnings.is_empty(), "{session:?}");
        assert_eq!(setting(&session, "lock_timeout").await, "7s");
        assert_eq!(setting(&session, "search_path").await, "");
        assert_eq!(setting(&session, "app.text").await, "a b\\c");
        assert_eq!(setting(&session, "work_mem").await, "1MB");
        assert_eq!(setting(&session, "application_name").await, "dbstate");
        assert!(session.process_id().await.expect("a number") > 0);
        session.client.batch_execute("do $$ begin raise notice 'hello'; end $$").await.expect("it runs");
        assert_eq!(session.take_notices().iter().map(|n| n.message.as_str()).collect::<Vec<_>>(), ["hello"]);
        cancels(&session).await;
    });
    block(async {
        let plain = connect(&server.admin(), &[]).await.expect("a session");
        cancels(&plain).await;
    });
}

async fn setting(session: &Session, name: &str) -> String {
    let row = session.client.query_one("select current_setting($1)", &[&name]).await.expect("the query runs");
    row.get(0)
}

async fn cancels(session: &Session) {
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        session.cancel().await.expect("the request is sent");
    };
    let (slept, ()) = tokio::join!(session.client.batch_execute("select pg_sleep(30)"), cancel);
    let code = slept.expect_err("it is cancelled").code().map(|code| code.code().to_owned());
    assert_eq!(code.as_deref(), Some("57014"));
}

#[test]
fn every_sslmode() {
    let server = Server::start();
    let root = server.path("ca.crt");
    let other = Authority::new(server.dir.path(), "other").0.with_extension("crt").display().to_string();
    let none = server.path("none");
    for (user, mode, root, expected) in [
        ("app", "disable", &none, Some(false)),
        ("app", "allow", &none, Some(false)),
        ("app", "prefer", &none, Some(true)),
        ("app", "require", &none, Some(true)),
        ("app", "verify-ca", &root, Some(true)),
        ("app", "verify-full", &root, Some(true)),
        ("app", "verify-ca", &none, None),
        ("app", "verify-ca", &other, None),
        ("app", "require", &other, None),
        ("app", "prefer", &other, Some(false)),
        ("tls_only", "disable", &none, None),
        ("tls_only", "allow", &none, Some(true)),
        ("plain_only", "prefer", &none, Some(false)),
        ("plain_only", "require", &none, None),
    ] {
        let password = if user == "app" { PASSWORD } else { "password=secret" };
        let text = format!("host=localhost user={user} sslmode={mode} sslrootcert={root} {password}");
        assert_eq!(server.encrypted(&text).ok(), expected, "{text}: {:?}", server.encrypted(&text));
    }
    let full = format!("user=app sslmode=verify-full sslrootcert={root} {PASSWORD}");
    assert_eq!(
        server.encrypted(&format!("host=a.db.test hostaddr=127.0.0.1 channel_binding=require {full}")),
        Ok(true)
    );
    for (text, expected) in [
        (format!("host=127.0.0.1 {full}"), "certificate is for `localhost`, `*.db.test`"),
        (format!("host=a.b.db.test hostaddr=127.0.0.1 {full}"), "not for this host; help: connect by a name"),
        (format!("hostaddr=127.0.0.1 {full}"), "there is no host name to check"),
        (
            format!("host=localhost user=app sslmode=verify-ca sslrootcert={other}"),
            "from an unknown authority; help: name",
        ),
        (format!("host=localhost user=app sslmode=verify-ca sslrootcert={none}"), "`DIR/none` does not exist"),
        (format!("host=localhost user=app sslrootcert=system {PASSWORD}"), "unknown authority"),
        ("host=localhost user=nobody".to_owned(), "no encryption; with encryption: no pg_hba.conf entry"),
        (format!("host=localhost user=app sslmode=require sslnegotiation=direct {PASSWORD}"), "PostgreSQL 17"),
    ] {
        let shown = server.failure(&text);
        assert!(shown.contains(expected), "{text}\n{shown}");
    }
}

/// What each mode makes of a certificate that is as it should be, from an authority nobody named, too old, and for
/// another host: a session that is encrypted, one that is not, or none.
#[test]
fn each_mode_against_each_certificate() {
    const MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
    let (plain, tls, no) = (Some(false), Some(true), None);
    let server = Server::start();
    let authority = Authority(server.dir.path().join("ca"));
    let stranger = Authority::new(server.dir.path(), "stranger");
    let right = authority.sign("right", Some("DNS:localhost"));
    let strange = stranger.sign("strange", Some("DNS:localhost"));
    let late = authority.sign_as("late", "localhost", Some("DNS:localhost"), "-1");
    let misnamed = authority.sign("misnamed", Some("DNS:db.example"));
    // A root certificate that is there is heeded in every mode that encrypts.
    let named = server.path("ca.crt");
    let none = server.path("none");
    for (certificate, root, expected) in [
        (&right, &named, [plain, plain, tls, tls, tls, tls]),
        (&strange, &named, [plain, plain, plain, no, no, no]),
        (&late, &named, [plain, plain, plain, no, no, no]),
        (&misnamed, &named, [plain, plain, tls, tls, tls, no]),
        (&right, &none, [plain, plain, tls, tls, no, no]),
        (&strange, &none, [plain, plain, tls, tls, no, no]),
        (&late, &none, [plain, plain, tls, tls, no, no]),
        (&misnamed, &none, [plain, plain, tls, tls, no, no]),
    ] {
        server.present(certificate);
        for (mode, expected) in MODES.iter().zip(expected) {
            let text = format!("host=localhost user=app sslmode={mode} sslrootcert={root} {PASSWORD}");
            let got = server.encrypted(&text);
            assert_eq!(got.clone().ok(), expected, "{}: {text}: {got:?}", certificate.display());
        }
    }
}

#[test]
fn client_certificates() {
    let server = Server::start();
    let authority = Authority(server.dir.path().join("ca"));
    let badge = authority.sign_as("badge", "badge", None, "3");
    let stranger = Authority::new(server.dir.path(), "stranger").sign_as("foreign", "badge", None, "3");
    let fixed = |path: &Path| {
        fs::set_permissions(path.with_extension("key"), fs::Permissions::from_mode(0o600)).expect("a mode");
        format!("host=localhost user=badge sslmode=require sslcert={0}.crt sslkey={0}.key", path.display())
    };
    assert_eq!(server.encrypted(&fixed(&badge)), Ok(true));
    assert_eq!(server.encrypted(&format!("{} ssl_max_protocol_version=TLSv1.2", fixed(&badge))), Ok(true));
    let shown = server.failure(&fixed(&stranger));
    assert!(shown.contains("the server refused the client's certificate"), "{shown}");
    let shown = server.failure("host=localhost user=badge sslmode=require");
    assert!(shown.contains("valid client certificate; help: name the client's certificate"), "{shown}");
    let open = fixed(&badge);
    fs::set_permissions(badge.with_extension("key"), fs::Permissions::from_mode(0o644)).expect("a mode");
    let shown = server.failure(&open);
    assert!(shown.contains("badge.key` can be read by others; help: `chmod 600"), "{shown}");
}

/// What the recipes of PostgreSQL's manual make: no extensions, the host in the common name, or no authority at all.
#[test]
fn certificates_of_every_age() {
    let server = Server::start();
    let authority = Authority(server.dir.path().join("ca"));
    let root = server.path("ca.crt");
    let app = format!("user=app {PASSWORD}");

    server.present(&authority.sign("plain", None));
    for version in ["TLSv1.2", "TLSv1.3"] {
        let text = format!("{app} host=localhost ssl_max_protocol_version={version}");
        assert_eq!(server.encrypted(&format!("{text} sslmode=require")), Ok(true));
        assert_eq!(server.encrypted(&format!("{text} sslmode=verify-full sslrootcert={root}")), Ok(true));
    }
    let shown = server.failure(&format!("{app} host=127.0.0.1 sslmode=verify-full sslrootcert={root}"));
    assert!(shown.contains("is for `localhost`"), "{shown}");
    let other = Authority::new(server.dir.path(), "other").0.with_extension("crt");
    let shown = server.failure(&format!("{app} host=localhost sslmode=verify-ca sslrootcert={}", other.display()));
    assert!(shown.contains("not accepted") || shown.contains("unknown authority"), "{shown}");

    let lone = Authority::new(server.dir.path(), "localhost").0;
    server.present(&lone);
    let text = format!("{app} host=localhost sslmode=verify-full");
    assert_eq!(server.encrypted(&format!("{text} sslrootcert={}.crt", lone.display())), Ok(true));
    assert!(server.encrypted(&format!("{text} sslrootcert={root}")).is_err());

    server.present(&authority.sign_as("late", "localhost", Some("DNS:localhost"), "-1"));
    let shown = server.failure(&format!("{text} sslrootcert={root}"));
    assert!(shown.contains("the server's certificate has expired; help: renew"), "{shown}");
    assert_eq!(server.encrypted(&format!("{app} host=localhost sslmode=require")), Ok(true));
}

#[test]
fn revoked_certificates() {
    let server = Server::start();
    let dir = server.dir.path();
    let settings = "[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=3\n\
                    crl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n";
    for (name, text) in [("ca.cnf", settings), ("index", ""), ("number", "01\n")] {
        fs::write(dir.join(name), text).expect("a file");
    }
    let ca = |arguments: &[&str]| {
        let common = ["ca", "-config", "ca.cnf", "-cert", "ca.crt", "-keyfile", "ca.key"];
        run(Command::new("openssl").current_dir(dir).args(common).args(arguments));
    };
    let crl = server.path("crl.pem");
    let text = format!(
        "host=localhost user=app sslmode=verify-full sslrootcert={} sslcrl={crl} {PASSWORD}",
        server.path("ca.crt")
    );
    ca(&["-gencrl", "-out", &crl]);
    assert_eq!(server.encrypted(&text), Ok(true));
    ca(&["-revoke", "server.crt"]);
    ca(&["-gencrl", "-out", &crl]);
    let shown = server.failure(&text);
    assert!(shown.contains("the server's certificate has been revoked"), "{shown}");
}

#[test]
fn silence_and_strangers() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let target =
        Target::parse(&format!("postgres://u:hunter2@127.0.0.1:{port}/d?connect_timeout=1")).expect("it parses");
    let error = block(connect(&target, &[])).expect_err("nobody answers");
    assert!(error.to_string().ends_with("as `u`: no answer within 2 s"), "{error}");
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let error = block(connect(&target, &[])).expect_err("it is no server");
    assert!(error.to_string().ends_with("what answers there is not PostgreSQL"), "{error}");
}

/// A stand-in that only says which version it is.
#[test]
fn versions_out_of_range() {
    for (version, refused) in [("13.14", true), ("19.1", false)] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut length = [0; 4];
            std::io::Read::read_exact(&mut stream, &mut length).expect("a length");
            let mut rest = vec![0; u32::from_be_bytes(length) as usize - 4];
            std::io::Read::read_exact(&mut stream, &mut rest).expect("a start-up message");
            let body = format!("server_version\0{version}\0");
            let mut answer = b"R\0\0\0\x08\0\0\0\0S".to_vec();
            answer.extend(u32::try_from(body.len() + 4).expect("short").to_be_bytes());
            answer.extend(body.as_bytes());
            answer.extend(b"K\0\0\0\x0c\0\0\0\x01\0\0\0\x01Z\0\0\0\x05I");
            std::io::Write::write_all(&mut stream, &answer).expect("it is sent");
            std::thread::sleep(Duration::from_secs(1));
        });
        let target = Target::parse(&format!("postgres://u@127.0.0.1:{port}/d?sslmode=disable")).expect("it parses");
        block(async {
            match connect(&target, &[]).await {
                Ok(session) => {
                    assert!(!refused && session.warnings[0].contains("newer than 18"), "{:?}", session.warnings);
                }
                Err(error) => {
                    assert!(
                        refused && error.to_string().contains("the server is PostgreSQL 13.14, too old"),
                        "{error}"
                    );
                    assert_eq!(error.problem.code, Code::Version);
                }
            }
        });
    }
}
