//! A project in a directory of its own, and the program run in it on one database.

use std::collections::BTreeMap;
use std::path::Path;

use tempfile::TempDir;

use super::binary::{Output, dbstate_with};
use super::database::Database;

/// YAML files, the database they are for, and the environment of the program.
pub struct Project {
    dir: TempDir,
    url: String,
    /// Has the next plan read the whole database.
    forget: Box<dyn Fn() + Send + Sync>,
    env: BTreeMap<String, String>,
}

impl Project {
    /// A project of these files, each with its name.
    pub fn new(database: &Database<'_>, files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let forget = Box::new(database.forgetting());
        let project = Self { dir, url: database.url(), forget, env: BTreeMap::new() };
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
            (self.forget)();
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
