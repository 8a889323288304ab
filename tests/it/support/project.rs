//! A project in a directory of its own, and the program run in it on one database.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::binary::{Output, dbstate_with};
use super::database::{Database, FORGET};

/// YAML files, the database they are for, and the environment of the program.
pub struct Project {
    dir: TempDir,
    url: String,
    /// The same as its superuser, and the program that takes SQL.
    psql: (PathBuf, String),
    env: BTreeMap<String, String>,
}

impl Project {
    /// A project of these files, each with its name.
    pub fn new(database: &Database<'_>, files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let psql = (database.bin("psql"), database.url());
        let project = Self { dir, url: database.url(), psql, env: BTreeMap::new() };
        for (name, text) in files {
            project.write(name, text);
        }
        project
    }

    /// The same with an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same, as another role.
    pub fn user(mut self, role: &str) -> Self {
        self.env.insert("PGUSER".to_owned(), role.to_owned());
        self.url = self.url.split("&user=").next().unwrap_or_default().to_owned();
        self
    }

    /// Writes a file of the project.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join(name), text).expect("written");
    }

    /// Where its files are.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Runs the program on the database; it must end with this exit code. A plan reads the whole database, whatever the
    /// ledger knows.
    #[track_caller]
    pub fn run(&self, args: &[&str], code: i32) -> Output {
        if args.first() == Some(&"plan") {
            let (psql, url) = &self.psql;
            let output = Command::new(psql).args(["--no-psqlrc", "-qc", FORGET, url]).output().expect("psql starts");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        let args: Vec<&str> = args.iter().copied().chain(["-d", &self.url]).collect();
        self.run_alone(&args, code)
    }

    /// The same without a database.
    #[track_caller]
    pub fn run_alone(&self, args: &[&str], code: i32) -> Output {
        let output = dbstate_with(args, self.path(), &self.env);
        assert_eq!(output.code, Some(code), "{args:?}\n{}\n{}", output.stdout, output.stderr);
        output
    }

    /// Makes the database as declared, whatever that costs.
    #[track_caller]
    pub fn apply(&self) -> Output {
        self.run(&["apply", "--yes", "--allow", "data,access,rewrite,block,breaking"], 0)
    }

    /// Sees that there is nothing to do.
    #[track_caller]
    pub fn settled(&self) {
        self.run(&["plan", "--exit-code"], 0);
    }

    /// The same for one of its files.
    #[track_caller]
    pub fn settled_of(&self, file: &str) {
        self.run(&["plan", "--exit-code", "-f", file], 0);
    }
}
