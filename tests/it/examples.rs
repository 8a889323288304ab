//! Every project in `examples/`: applied, nothing left, pulled, formatted, and found in the list.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::binary::dbstate_with;
use crate::support::cluster::own_cluster;
use crate::support::database::Database;

fn examples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut dirs: Vec<PathBuf> = fs::read_dir(root).expect("examples").flatten().map(|e| e.path()).collect();
    dirs.retain(|d| d.join("dbstate.yaml").is_file());
    dirs.sort();
    assert!(dirs.len() >= 5, "{dirs:?}");
    dirs
}

/// Examples that need a newer server than the oldest: from which version on, and what an older one lacks, with its place.
const NEWER: &[(&str, u32, &[&str])] = &[(
    "replication",
    15,
    &[
        "publications of a part of a table from version 15 on",
        "[schema.yaml:23:57]",
        "publications of whole schemas from version 15 on",
        "[schema.yaml:24:24]",
    ],
)];

#[test]
fn examples_do_what_they_say() {
    let env: BTreeMap<String, String> =
        ["REPLICA_PASSWORD", "STOCK_PASSWORD", "AUTH_API_PASSWORD", "WRITE_API_PASSWORD", "PGBOUNCER_PASSWORD"]
            .map(|name| (name.to_owned(), "secret".to_owned()))
            .into();
    for dir in examples() {
        let cluster = own_cluster();
        let database = Database::create_in(cluster.server());
        let url = database.url();
        let major = cluster.server().version().major;
        if let Some((_, _, lacks)) = NEWER.iter().find(|(name, from, _)| dir.ends_with(name) && major < *from) {
            let output = dbstate_with(["apply", "--yes", "--allow", "access", "-d", &url], &dir, &env);
            assert_eq!(output.code, Some(1), "{}\n{}", dir.display(), output.stderr);
            let silent: Vec<&&str> = lacks.iter().filter(|lack| !output.stderr.contains(**lack)).collect();
            assert!(silent.is_empty(), "{}: {silent:?} are not said\n{}", dir.display(), output.stderr);
            continue;
        }
        let pulled = tempfile::tempdir().expect("a directory");
        let out = pulled.path().display().to_string();
        let run = |args: &[&str], dir: &Path| {
            let output = dbstate_with(args, dir, &env);
            assert_eq!(output.code, Some(0), "{} {args:?}\n{}{}", dir.display(), output.stdout, output.stderr);
            output.stdout
        };
        run(&["apply", "--yes", "--allow", "access", "-d", &url], &dir);
        run(&["plan", "--exit-code", "-d", &url], &dir);
        run(&["pull", "-o", &out, "-d", &url], &dir);
        run(&["plan", "--exit-code", "-d", &url], pulled.path());
    }
}

/// An example that needs a newer server says so where people read.
#[test]
fn what_an_example_needs_is_in_its_readme() {
    for (name, from, _) in NEWER {
        let dir = examples().into_iter().find(|dir| dir.ends_with(name)).expect(name);
        let text = fs::read_to_string(dir.join("README.md")).expect("a readme");
        assert!(text.contains(&format!("PostgreSQL {from}")), "{name}");
    }
}

#[test]
fn every_example_is_in_the_list() {
    let list = include_str!("../../examples/README.md");
    for dir in examples() {
        let name = dir.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(list.contains(&format!("[{name}]({name})")), "{name}");
        assert!(dir.join("README.md").is_file(), "{name} says nothing of itself");
    }
}
