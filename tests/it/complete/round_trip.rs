//! A database with every kind and every attribute (`tests/every_kind/all.sql`): pulled, built elsewhere, and compared.
//!
//! What compares is the observer, which reads the catalogs by itself, and `pg_dump` where it is no older than the server.

use std::collections::BTreeMap;
use std::path::Path;

use dbstate::local::Ephemeral;

use super::table::table;
use crate::support::cluster::own_cluster;
use crate::support::database::{Database, dumps, without_column_order};
use crate::support::observer;
use crate::support::project::Project;

const ALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/every_kind/all.sql");

/// What the YAML takes from the environment: secrets are not pulled.
const SECRETS: &[(&str, &str)] = &[
    ("SUB_1_CONNECTION", "host=nowhere dbname=x"),
    ("SUB2_CONNECTION", "host=nowhere dbname=y"),
    ("SUB3_CONNECTION", "host=nowhere dbname=y"),
    ("SUB4_CONNECTION", "host=nowhere dbname=y"),
    ("SUB5_CONNECTION", "host=nowhere dbname=y"),
];

fn every(cluster: &Ephemeral) -> Database<'_> {
    Database::named(cluster.server(), "every")
}

pub fn loaded(cluster: &Ephemeral) -> Database<'_> {
    let database = every(cluster);
    database.psql(&format!("\\i {ALL}"));
    database
}

#[test]
fn every_managed_column_holds_more_than_one_value() {
    let cluster = own_cluster();
    let database = loaded(&cluster);
    let sql = observer::sql(
        cluster.server(),
        |_| true,
        |name, columns| {
            format!(
                "select '{name}.' || c from unnest({columns}) c
             left join pg_temp.observe('{name}', {columns}) r on true
             group by c having count(distinct coalesce(r -> c, '[]')) < 2"
            )
        },
    );
    let untested = |line: &str| {
        let name = line.split('.').next().unwrap_or_default();
        table().get(name).is_some_and(|c| c.untested.is_some())
    };
    let found = database.psql(&sql);
    let same: Vec<&str> = found.lines().filter(|line| !untested(line)).collect();
    assert!(same.is_empty(), "tests/every_kind/all.sql gives these one value only: {same:#?}");
}

#[test]
fn what_is_pulled_builds_the_same_database_attribute_by_attribute() {
    let (there, here) = (own_cluster(), own_cluster());
    let (source, built) = (loaded(&there), every(&here));
    let env: BTreeMap<&str, &str> = SECRETS.iter().copied().collect();
    let with = |project: Project| env.iter().fold(project, |project, (name, value)| project.env(name, value));
    let from = with(Project::new(&source, &[]));
    from.run(&["pull", "-q", "--manage", "database", "-o", "pulled"], 0);
    assert_eq!(from.run(&["plan", "--format", "sql", "-f", "pulled"], 0).stdout, "", "the plan against its source");

    let pulled = from.path().join("pulled");
    let pulled = pulled.to_str().expect("UTF-8");
    let to = with(Project::new(&built, &[]));
    built.psql("alter system set allow_in_place_tablespaces = on; select pg_reload_conf()");
    to.run(&["apply", "-q", "--yes", "--allow", "data,access,rewrite,block,breaking", "-f", pulled], 0);
    assert_eq!(to.run(&["plan", "--format", "sql", "-f", pulled], 0).stdout, "", "the second plan");
    to.run(&["pull", "-q", "--manage", "database", "-o", "again"], 0);
    assert_eq!(files(&from.path().join("pulled")), files(&to.path().join("again")), "pulled, and pulled again");

    if dumps(there.server()) {
        built.psql("drop schema if exists dbstate cascade");
        let [one, other] = [&source, &built].map(|database| without_column_order(&database.pg_dump()));
        let differ = difference(&one, &other);
        assert!(differ.is_empty(), "pg_dump differs:\n{differ}");
    }
    built.psql("alter role \"app's\" password 'secret'"); // secrets are not pulled
    let differ = difference(&rows(&there), &rows(&here));
    assert!(differ.is_empty(), "the catalogs differ:\n{differ}");
}

/// All rows of all catalogs.
fn rows(cluster: &Ephemeral) -> String {
    observer::rows(cluster.server(), "every", |_| true)
}

/// The files of a directory, each with its text, but for the list of them, whose order is that of their making.
fn files(dir: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(dir).expect("read").flatten().filter(|e| e.file_name() != "dbstate.yaml");
    let read = |e: std::fs::DirEntry| {
        (e.file_name().to_string_lossy().into_owned(), std::fs::read_to_string(e.path()).expect("read"))
    };
    entries.map(read).collect()
}

/// The lines that only one of two texts has.
fn difference(one: &str, other: &str) -> String {
    let lines = dbstate::diff::show::lines(one, other);
    let differ = lines.iter().filter(|(sign, _)| *sign != ' ').map(|(sign, line)| format!("{sign} {line}"));
    differ.collect::<Vec<_>>().join("\n")
}
