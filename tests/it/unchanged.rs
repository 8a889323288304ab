//! Where an apply found nothing to do, and no catalog changed since, a plan reads nothing. Whatever changes is seen.

use std::collections::BTreeSet;

use dbstate::catalog::fingerprint;
use dbstate::model::PgVersion;

use crate::complete::round_trip::loaded;
use crate::complete::table::table;
use crate::support::binary::dbstate_with;
use crate::support::cluster::{cluster, own_cluster};
use crate::support::database::Database;
use crate::support::project::Project;

const SCHEMA: &str = "
schemas:
  app:
    tables:
      notes:
        columns: { id: bigint identity, kind: varchar(5) not null default 'x' }
        primary_key: [id]
        checks: { notes_kind: \"kind in ('x', 'y')\" }
        grants: { public: select }
";

/// The major version of the servers.
fn version() -> PgVersion {
    PgVersion(cluster().version().major * 10_000)
}

#[test]
fn every_managed_catalog_counts() {
    let major = cluster().version().major;
    let counted: BTreeSet<&str> = fingerprint::catalogs(version()).collect();
    let table = table();
    let managed = table.iter().filter(|(_, catalog)| catalog.is_in(major) && !catalog.managed_in(major).is_empty());
    let left: Vec<&String> = managed.map(|(name, _)| name).filter(|name| !counted.contains(name.as_str())).collect();
    assert!(left.is_empty(), "a change of these would not be seen: {left:?}");
}

#[test]
fn every_row_of_every_catalog_counts() {
    let cluster = own_cluster();
    let database = loaded(&cluster);
    let expression = fingerprint::expression(version(), true);
    let mut sql = format!("set allow_system_table_mods = on; create temp table was as select {expression} as text;\n");
    // The temporary table, too, is one more relation.
    sql += &format!("update was set text = {expression};\n");
    for name in fingerprint::catalogs(version()) {
        sql += &format!(
            "begin; select attname as field from pg_attribute where attrelid = 'pg_catalog.{name}'::regclass and attnum = 1 \\gset
             with touched as (
                 update pg_catalog.{name} set :\"field\" = :\"field\"
                 where ctid = any(array(select ctid from pg_catalog.{name} order by ctid desc limit 50)) returning 1)
             select '{name}: ' || count(*) from touched;
             select text = {expression} from was; rollback;\n"
        );
    }
    sql += &format!("select text = {expression} from was;\n");
    let said = database.psql(&sql);
    let lines: Vec<&str> = said.lines().collect();
    let (end, pairs) = lines.split_last().expect("lines");
    assert_eq!(*end, "t", "what is rolled back is no change");
    let empty: Vec<&str> = pairs.iter().filter_map(|line| line.strip_suffix(": 0")).collect();
    let untested = |name: &str| table().get(name).is_some_and(|catalog| catalog.untested.is_some());
    assert!(empty.iter().all(|name| untested(name)), "no row to change: {empty:?}");
    let unseen: Vec<&str> =
        pairs.chunks(2).filter(|pair| !pair[0].ends_with(": 0") && pair[1] != "f").map(|p| p[0]).collect();
    assert!(unseen.is_empty(), "{unseen:?}");
}

/// A project, and the program run on it as it is.
struct Bench<'a> {
    database: Database<'a>,
    project: Project,
    user: &'a str,
}

impl<'a> Bench<'a> {
    fn new(database: Database<'a>, schema: &str, user: &'a str) -> Self {
        let project = Project::new(&database, &[("schema.yaml", schema)]);
        Self { database, project, user }
    }

    fn run(&self, args: &[&str], code: i32) -> String {
        let url = self.database.url().replace("user=postgres", &format!("user={}", self.user));
        let env = [("PASSWORD".to_owned(), "one".to_owned())].into();
        let output = dbstate_with(args.iter().copied().chain(["-d", &url]), self.project.path(), &env);
        assert_eq!(output.code, Some(code), "{args:?}\n{}\n{}", output.stdout, output.stderr);
        output.stdout
    }

    /// How many projects the database is known to be like.
    fn known(&self) -> String {
        let of = "select count(*) from dbstate.unchanged where catalogs = ";
        self.database.psql(&format!("{of}{}", fingerprint::expression(version(), true)))
    }
}

#[test]
fn what_changes_by_hand_is_seen() {
    let cluster = own_cluster();
    let bench = Bench::new(Database::named(cluster.server(), "one"), SCHEMA, "postgres");
    bench.run(&["apply", "--yes"], 0);
    assert_eq!(bench.known(), "1");
    bench.run(&["plan", "--exit-code"], 0);
    for (there, back) in [
        ("alter table app.notes alter kind drop not null", "alter table app.notes alter kind set not null"),
        ("comment on table app.notes is 'x'", "comment on table app.notes is null"),
        ("grant insert (id) on app.notes to public", "revoke insert (id) on app.notes from public"),
        ("create index by_kind on app.notes (kind)", "drop index app.by_kind"),
    ] {
        bench.database.psql(there);
        bench.run(&["plan", "--exit-code"], 2);
        bench.run(&["drift"], 2);
        bench.database.psql(back);
        bench.run(&["plan", "--exit-code"], 0);
        bench.run(&["apply", "--yes"], 0);
        assert_eq!(bench.known(), "1");
    }
    // What is rolled back, and what is only rows, is no change.
    bench.database.psql("begin; create table app.other (); rollback; insert into app.notes default values; analyze");
    assert_eq!(bench.known(), "1");
    bench.run(&["plan", "--exit-code"], 0);
}

#[test]
fn what_changes_in_the_project_is_seen() {
    let cluster = own_cluster();
    let bench = Bench::new(Database::named(cluster.server(), "one"), SCHEMA, "postgres");
    bench.run(&["apply", "--yes"], 0);
    bench.project.write("schema.yaml", &SCHEMA.replace("'y')", "'z')"));
    bench.run(&["plan", "--exit-code"], 2);
    bench.project.write("schema.yaml", &SCHEMA.replace("tables:", "tables: # all of them"));
    bench.run(&["plan", "--exit-code"], 0);
    bench.project.write("schema.yaml", SCHEMA);
    bench.run(&["plan", "--exit-code", "--manage", "schemas"], 0);
    bench.database.psql("create schema other");
    bench.run(&["apply", "--yes"], 0);
    assert_eq!(bench.known(), "1");
    bench.run(&["plan", "--exit-code"], 0);
    bench.project.write("dbstate.yaml", "ledger: on\n");
    bench.run(&["plan", "--exit-code", "--manage", "database"], 2);
}

#[test]
fn what_changes_in_a_body_is_seen() {
    let cluster = own_cluster();
    let schema = format!("{SCHEMA}    functions: {{ one(): {{ returns: int, language: sql, file: one.sql }} }}\n");
    let bench = Bench::new(Database::named(cluster.server(), "one"), &schema, "postgres");
    bench.project.write("one.sql", "select 1");
    bench.run(&["apply", "--yes"], 0);
    bench.run(&["plan", "--exit-code"], 0);
    bench.project.write("one.sql", "select 2");
    bench.run(&["plan", "--exit-code"], 2);
    std::fs::remove_file(bench.project.path().join("one.sql")).expect("it was there");
    bench.run(&["plan", "--exit-code"], 1);
    bench.project.write("one.sql", "select 1");
    bench.run(&["plan", "--exit-code"], 0);
    // A mistake is told, whatever is known.
    bench.project.write("schema.yaml", &format!("{schema}    oops: 1\n"));
    bench.run(&["plan", "--exit-code"], 1);
}

#[test]
fn a_role_that_may_not_read_all_is_known_by_what_it_sees() {
    let cluster = own_cluster();
    let database = Database::named(cluster.server(), "one");
    database.psql(
        "create role deploy login; create schema app authorization deploy; grant create on database one to deploy;
         create role reader",
    );
    let bench = Bench::new(database, SCHEMA, "deploy");
    bench.run(&["apply", "--yes"], 0);
    let known = || bench.database.psql("select count(*), min(catalogs) from dbstate.unchanged");
    let first = known();
    assert!(first.starts_with("1|"), "{first}");
    bench.run(&["apply", "--yes"], 0);
    assert_eq!(known(), first, "nothing was read, so nothing noted");
    bench.database.psql("alter role reader createdb");
    bench.run(&["apply", "--yes"], 0);
    let second = known();
    assert_ne!(second, first, "another role is another cluster");
    bench.database.psql("create foreign data wrapper w; create server s foreign data wrapper w; create user mapping for reader server s");
    bench.run(&["apply", "--yes"], 0);
    assert_ne!(known(), second);
    // A superuser sees more, and has a fingerprint of its own.
    assert_eq!(bench.known(), "0");
}

#[test]
fn projects_do_not_forget_each_other() {
    let cluster = own_cluster();
    let database = Database::named(cluster.server(), "one");
    database.psql(
        "create role deploy login; create schema other authorization deploy; grant create on database one to deploy",
    );
    let ours = Bench::new(database, &SCHEMA.replace("app:", "other:"), "deploy");
    ours.run(&["apply", "--yes"], 0);
    let theirs = Project::new(&ours.database, &[("schema.yaml", SCHEMA)]);
    theirs.apply();
    let known = || ours.database.psql("select count(*) from dbstate.unchanged");
    assert_eq!(known(), "2");
    for number in 0..60 {
        theirs.write("schema.yaml", &format!("# {number}\n{SCHEMA}"));
        theirs.apply();
    }
    assert_eq!(known(), "51", "the oldest go");
}

#[test]
fn a_project_with_a_secret_is_always_compared() {
    let cluster = own_cluster();
    let schema = format!("{SCHEMA}roles:\n  app: {{ login: true, password: {{ env: PASSWORD }} }}\n");
    let bench = Bench::new(Database::named(cluster.server(), "one"), &schema, "postgres");
    bench.run(&["apply", "--yes"], 0);
    bench.run(&["apply", "--yes"], 0);
    assert_eq!(bench.known(), "0");
}
