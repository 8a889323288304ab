//! No secret leaves by another way than the statement that needs it, and a role's password not even so.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::cluster::own_cluster_with;
use crate::support::database::Database;
use crate::support::project::Project;

const OF_APP: &str = "pw-of-app-7531";
const OF_FILE: &str = "pw-of-file-8642";
const OF_FAR: &str = "pw-of-far-9753";
const OF_CONNECTION: &str = "pw-of-connection-1357";
const SECRETS: [&str; 4] = [OF_APP, OF_FILE, OF_FAR, OF_CONNECTION];

const YAML: &str = "
roles:
  app: { login: true, password: { env: APP_PASSWORD } }
  job: { login: true, password: { file: job.secret } }
foreign_data_wrappers:
  far: {}
servers:
  there: { wrapper: far, user_mappings: { app: { options: { user: app, password: { env: FAR_PASSWORD } } } } }
schemas: { shop: { tables: { t: { columns: { id: int } } } } }
";

/// The command lines of every process of this machine, for as long as it is watched.
fn watched(done: &AtomicBool) -> String {
    let mut seen = String::new();
    while !done.load(Ordering::Relaxed) {
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            seen.push_str(&String::from_utf8_lossy(&line));
            seen.push('\n');
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    seen
}

#[track_caller]
fn none_in(text: &str, place: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} is in {place}");
    }
}

#[test]
fn no_secret_is_told_logged_or_kept() {
    let cluster = own_cluster_with(&[
        ("log_statement", "all"),
        ("log_min_duration_statement", "0"),
        ("log_min_error_statement", "debug5"),
    ]);
    let database = Database::named(cluster.server(), "shop");
    let project = Project::new(&database, &[("schema.yaml", YAML), ("job.secret", OF_FILE)])
        .env("APP_PASSWORD", OF_APP)
        .env("FAR_PASSWORD", OF_FAR)
        .env("PGPASSWORD", OF_CONNECTION);
    let told = std::cell::RefCell::new(String::new());
    let run = |args: &[&str], code: i32| {
        let output = project.run(args, code);
        told.borrow_mut().push_str(&(output.stdout + &output.stderr));
    };
    let done = AtomicBool::new(false);
    let processes = std::thread::scope(|threads| {
        let watch = threads.spawn(|| watched(&done));
        for format in ["text", "json", "sql"] {
            run(&["plan", "-vv", "--format", format, "--out", "a.plan"], 0);
        }
        run(&["apply", "a.plan", "--yes", "-vv"], 0);
        run(&["plan", "--exit-code"], 0);
        // Secrets that change, in a transaction that fails and in one that does not.
        database
            .psql("alter role app password 'x'; alter user mapping for app server there options (set password 'x')");
        project.write("schema.yaml", &(YAML.replace("id: int", "id: int, no: int default 1 / 0") + "# changed\n"));
        database.psql("insert into shop.t values (1)");
        run(&["apply", "--yes", "-vv", "--allow", "rewrite"], 1);
        project.write("schema.yaml", YAML);
        for args in [&["drift"][..], &["drift", "--format", "json"]] {
            run(args, 2);
        }
        run(&["apply", "--yes", "-vv"], 0);
        for args in [&["history", "-vv"][..], &["history", "--format", "json"], &["pull", "--manage", "database"]] {
            run(args, 0);
        }
        done.store(true, Ordering::Relaxed);
        watch.join().expect("watched")
    });
    let told = told.into_inner();
    assert!(told.contains("<from APP_PASSWORD>") && told.contains("<from FAR_PASSWORD>"), "{told}");
    none_in(&told, "what was printed");
    assert!(processes.contains("dbstate"), "some command lines were seen");
    none_in(&processes, "a command line");
    none_in(&fs::read_to_string(project.path().join("a.plan")).expect("saved"), "the saved plan");
    none_in(&database.psql("select * from dbstate.history; select * from dbstate.settled"), "the ledger");
    let log = fs::read_to_string(cluster.server().log()).expect("a log");
    assert!(log.contains("create table shop.t"), "statements are logged");
    none_in(&log, "the server's log");
    let stored = database.psql("select rolpassword from pg_authid where rolname in ('app', 'job')");
    assert!(stored.lines().all(|line| line.starts_with("SCRAM-SHA-256$")), "{stored}");
    assert_eq!(database.psql("show log_statement"), "all");
}
