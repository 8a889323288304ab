//! What a plan costs, in numbers that nothing else on the machine changes. `make bench` measures times.

#[path = "../../benches/schema.rs"]
mod schema;

use std::process::Stdio;
use std::time::Duration;

use dbstate::catalog;
use dbstate::kinds::register;
use dbstate::local::Ephemeral;
use dbstate::model::State;
use dbstate::session::{Target, connect};
use wait4::Wait4;

use crate::support::binary::{command, dbstate};
use crate::support::cluster::own_cluster;
use crate::support::database::Database;
use crate::support::project::Project;
use crate::support::proxy::Proxy;

/// A database as a project of so many tables declares it.
fn applied(cluster: &Ephemeral, tables: usize) -> (Database<'_>, Project) {
    let database = Database::create_in(cluster.server());
    let project = Project::new(&database, &[("dbstate.yaml", "files: [.]\n")]);
    for (name, text) in schema::Project::new(tables).files() {
        project.write(&name, &text);
    }
    project.apply();
    database.forget();
    (database, project)
}

/// The most memory that a plan with nothing to do held, in bytes.
fn peak(database: &Database<'_>, project: &Project) -> u64 {
    let mut command = command(project.path());
    command.args(["plan", "--exit-code", "-d", &database.url()]).current_dir(project.path());
    let mut child = command.stdout(Stdio::null()).spawn().expect("the program starts");
    let used = child.wait4().expect("the program ends");
    assert!(used.status.success(), "nothing is to be done");
    used.rusage.maxrss
}

#[test]
fn a_plan_takes_few_round_trips() {
    let cluster = own_cluster();
    let (database, project) = applied(&cluster, 20);
    let proxy = Proxy::to(cluster.server());
    proxy.delay(Duration::from_millis(20));
    let url = proxy.url(database.name());
    let output = dbstate(["plan", "--exit-code", "-d", &url], project.path());
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    let trips = proxy.trips();
    assert!(trips.len() <= 6, "{trips:?}: {:?}", proxy.requests());
    // A build for tests asks of the kinds that are not there, too.
    let requests: usize = trips.iter().sum();
    assert!(requests <= 85, "{requests} requests: {trips:?}");
}

#[test]
fn what_is_new_is_made_in_few_round_trips() {
    let cluster = own_cluster();
    let database = Database::create_in(cluster.server());
    let project = Project::new(&database, &[("dbstate.yaml", "files: [.]\n")]);
    for (name, text) in schema::Project::new(50).files() {
        project.write(&name, &text);
    }
    project.write(
        "slow.yaml",
        "schemas:
           slow:
             comment: what takes long
             tables: { a: { columns: { id: bigint }, comment: rows }, b: { columns: { id: bigint } } }
             materialized_views: { m: { query: select id from slow.a, comment: rows } }
             functions: { f(): { returns: int, language: sql, body: select 1 } }
        ",
    );
    let proxy = Proxy::to(cluster.server());
    proxy.delay(Duration::from_millis(5));
    let output = dbstate(["apply", "--yes", "-d", &proxy.url(database.name())], project.path());
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    let (trips, requests) = (proxy.trips(), proxy.requests());
    assert!(trips.len() <= 60 && requests.len() >= 500, "{} requests: {trips:?}", requests.len());
    // What takes long is sent by itself: a client that is killed leaves no more of it behind.
    let ends = trips.iter().scan(0, |end, trip| {
        *end += trip;
        Some(*end)
    });
    let slow = requests.iter().position(|sql| sql.contains("create materialized view")).expect("it is made");
    assert!(ends.zip(&trips).any(|end| end == (slow + 1, &1)), "{slow}: {trips:?}");
}

/// What the query contains that reads which object uses which, as far as a plan needs it.
const EDGES: &str = "with recursive reach";
/// What the query contains that reads it of all objects. To check plans, these builds ask it, too.
const ALL_EDGES: &str = "with dep as (select * from pg_depend)";

/// A table with these columns.
fn shop(columns: &str) -> String {
    format!("schemas: {{ shop: {{ tables: {{ t: {{ columns: {{ {columns} }} }} }} }} }}")
}

/// How often each of both was asked.
fn asked_for_edges(proxy: &Proxy) -> [usize; 2] {
    [EDGES, ALL_EDGES].map(|what| proxy.parsed().iter().filter(|sql| sql.contains(what)).count())
}

#[test]
fn what_uses_what_is_read_only_where_something_changes() {
    let cluster = own_cluster();
    let database = Database::create_in(cluster.server());
    let project = Project::new(&database, &[("dbstate.yaml", "files: [.]\n"), ("shop.yaml", &shop("n: integer"))]);
    project.apply();
    // Their members fill more than one message.
    database.psql("create schema more; create extension btree_gist schema more; create extension isn schema more");
    let proxy = Proxy::to(cluster.server());
    let asks = |args: &[&str], code: i32| {
        proxy.open(None);
        let url = proxy.url(database.name());
        let output = dbstate(args.iter().copied().chain(["-d", &url]), project.path());
        assert_eq!(output.code, Some(code), "{}{}", output.stdout, output.stderr);
        asked_for_edges(&proxy)
    };
    assert_eq!(asks(&["plan", "--exit-code"], 0), [0, 0]);
    assert_eq!(asks(&["pull"], 0), [0, 0]);
    project.write("shop.yaml", &shop("n: integer").replace("schemas: {", "schemas: { more: { comment: other },"));
    assert_eq!(asks(&["plan", "--exit-code"], 2)[0], 0, "nothing uses a comment");
    project.write("shop.yaml", &shop("n: bigint"));
    assert_eq!(asks(&["plan", "--exit-code"], 2)[0], 1);
}

#[test]
fn where_a_change_leads_to_very_much_all_is_read() {
    let cluster = own_cluster();
    let database = Database::create_in(cluster.server());
    let project = Project::new(&database, &[("dbstate.yaml", "files: [.]\n"), ("shop.yaml", &shop("n: integer"))]);
    project.apply();
    // Each is four objects in the catalogs.
    database.psql(
        "create schema other;
         do $$ begin for i in 1..5100 loop execute format('create view other.v%s as select n from shop.t', i); end loop; end $$",
    );
    let proxy = Proxy::to(cluster.server());
    project.write("shop.yaml", &shop("n: integer, m: integer"));
    let output = dbstate(["plan", "--format", "sql", "-d", &proxy.url(database.name())], project.path());
    assert_eq!((asked_for_edges(&proxy), output.code), ([1, 1], Some(0)), "{}", output.stderr);
    assert!(output.stdout.contains("alter table shop.t add column m integer"), "{}", output.stdout);
    // What the project does not manage is known all the same.
    project.write("shop.yaml", "schemas: { shop: {} }");
    let output = dbstate(["plan", "-d", &database.url()], project.path());
    assert_eq!(output.code, Some(3), "{}{}", output.stdout, output.stderr);
    assert!(output.stderr.contains("other.v5100"), "{}", output.stderr);
}

#[test]
fn two_sessions_read_a_large_database_as_one_does() {
    let cluster = own_cluster();
    let database = Database::create_in(cluster.server());
    database.psql(
        "create schema shop; create role clerk login; create role alone login connection limit 1;
         create function shop.f() returns trigger language plpgsql as 'begin return new; end';
         do $$ begin
             for i in 1..700 loop
                 execute format('create table shop.t%s (id int primary key, other int references shop.t1 (id) check (other > %1$s),
                                     name text unique)', i);
                 execute format('create index on shop.t%s (lower(name)); alter table shop.t%1$s enable row level security', i);
                 execute format('create policy p on shop.t%s to clerk using (id > %1$s)', i);
                 execute format('create trigger g before insert on shop.t%s for each row execute function shop.f()', i);
                 execute format('comment on constraint t%1$s_pkey on shop.t%1$s is %1$L; grant select on shop.t%1$s to clerk', i);
             end loop;
         end $$",
    );
    let proxy = Proxy::to(cluster.server());
    let dir = tempfile::tempdir().expect("a directory");
    let pull = |user: &str| {
        proxy.open(None);
        let url = proxy.url(database.name()).replace("postgres@", &format!("{user}@"));
        let output = dbstate(["pull", "-d", &url], dir.path());
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        let sessions = proxy.requests().iter().filter(|sql| sql.contains("set transaction snapshot")).count();
        (sessions, output.stdout)
    };
    let (sessions, two) = pull("clerk");
    assert_eq!(sessions, 1);
    assert!(two.contains("t700_lower_idx") && two.contains("t700_other_fkey"), "{two}");
    let (sessions, one) = pull("alone");
    assert_eq!(sessions, 0, "it may have one session only");
    assert!(one == two);
    // Where something is to be done, the second session also reads what uses what.
    std::fs::write(dir.path().join("schema.yaml"), "schemas: { shop: {} }").expect("a file");
    let plan = |user: &str| {
        proxy.open(None);
        let url = proxy.url(database.name()).replace("postgres@", &format!("{user}@"));
        let output = dbstate(["plan", "--format", "sql", "-d", &url], dir.path());
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        assert_eq!(asked_for_edges(&proxy)[0], 1);
        output.stdout
    };
    let dropped = plan("clerk");
    assert_eq!(dropped.matches("drop table shop.t").count(), 700);
    assert!(dropped == plan("alone"));
    outlives_the_second_session(&database);
    database.psql("revoke execute on function pg_catalog.pg_export_snapshot() from public");
    let (sessions, one) = pull("clerk");
    assert_eq!(sessions, 0, "the snapshot can't be shared");
    assert!(one == two);
}

/// Has the server end the second session once the objects are read: the first reads which object uses which, then.
fn outlives_the_second_session(database: &Database<'_>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let target = Target::parse(&database.url()).expect("a target");
        let session = connect(&target, &[]).await.expect("a session");
        let version = catalog::server(&session.client).await.expect("a server").version;
        let all = catalog::read(&session.client, version, register()).await.expect("read");
        let (mut state, mut source) = catalog::read_objects(&session, version, register()).await.expect("read");
        assert!(source.is_apart() && state.edges().next().is_none());
        database.psql(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and state = 'idle in transaction'",
        );
        let read = source.read(&session.client, None).await.expect("read by the first session");
        assert!(!source.is_apart());
        source.add(&read, &mut state, register());
        let edges = |state: &State| state.edges().map(|(user, used)| (user.clone(), used.clone())).collect::<Vec<_>>();
        assert!(edges(&state).len() > 700 && edges(&state) == edges(&all));
    });
}

#[test]
fn where_no_catalog_changed_nothing_is_read() {
    let cluster = own_cluster();
    let (database, project) = applied(&cluster, 20);
    let proxy = Proxy::to(cluster.server());
    let run = |args: &[&str]| {
        let before = proxy.trips().len();
        let url = proxy.url(database.name());
        let output = dbstate(args.iter().copied().chain(["-d", &url]), project.path());
        (output, proxy.trips()[before..].to_vec())
    };
    let (output, trips) = run(&["apply", "--yes"]);
    assert!(output.stdout.contains("Nothing to do") && trips.len() > 4, "{}{trips:?}", output.stderr);
    for args in [&["plan", "--exit-code"][..], &["drift"]] {
        let (output, trips) = run(args);
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        // The server, and whether there is a list; then a transaction with one question.
        assert_eq!(trips.iter().sum::<usize>(), 5, "{trips:?}");
    }
}

#[test]
fn a_table_takes_little_memory() {
    let cluster = own_cluster();
    let sizes = [20, 140];
    let [few, many] = sizes.map(|tables| {
        let (database, project) = applied(&cluster, tables);
        // How much is there at once also depends on which thread runs when.
        (0..3).map(|_| peak(&database, &project)).min().unwrap_or_default()
    });
    let each = many.saturating_sub(few) / (sizes[1] - sizes[0]) as u64;
    assert!(each <= 80 << 10, "{each} bytes for each table: {few}, then {many}");
}
