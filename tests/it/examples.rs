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

#[test]
fn examples_do_what_they_say() {
    let env: BTreeMap<String, String> =
        ["REPLICA_PASSWORD", "STOCK_PASSWORD"].map(|name| (name.to_owned(), "secret".to_owned())).into();
    for dir in examples() {
        let cluster = own_cluster();
        let database = Database::create_in(cluster.server());
        let old = cluster.server().bin("postgres").to_string_lossy().contains("14");
        if old && dir.ends_with("replication") {
            continue; // it says that it needs 15
        }
        let url = database.url();
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

#[test]
fn every_example_is_in_the_list() {
    let list = include_str!("../../examples/README.md");
    for dir in examples() {
        let name = dir.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(list.contains(&format!("[{name}]({name})")), "{name}");
        assert!(dir.join("README.md").is_file(), "{name} says nothing of itself");
    }
}
