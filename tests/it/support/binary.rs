//! The program itself, as a user runs it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a run of the program left.
#[derive(Debug)]
pub struct Output {
    /// What it printed as its result.
    pub stdout: String,
    /// What it told the user.
    pub stderr: String,
    /// Its exit code; absent when a signal ended it.
    pub code: Option<i32>,
}

/// Runs `dbstate` with these arguments in `dir`, without terminal, input, and settings of whoever runs the tests.
pub fn dbstate<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>, dir: &Path) -> Output {
    dbstate_with(args, dir, &BTreeMap::new())
}

/// The same, with environment variables.
pub fn dbstate_with<S: AsRef<OsStr>>(
    args: impl IntoIterator<Item = S>,
    dir: &Path,
    env: &BTreeMap<String, String>,
) -> Output {
    let home = tempfile::tempdir().expect("a home directory");
    let output = command(home.path()).envs(env).args(args).current_dir(dir).output().expect("the program starts");
    Output {
        stdout: String::from_utf8(output.stdout).expect("UTF-8 on stdout"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8 on stderr"),
        code: output.status.code(),
    }
}

/// The program with an environment of its own: only what says where things are comes from ours.
pub fn command(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dbstate"));
    command.env_clear().env("HOME", home).stdin(Stdio::null());
    for name in ["PATH", "TMPDIR", "DBSTATE_PG_BIN", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    if let Some(bin) = std::env::var_os("DBSTATE_TEST_PG_BIN") {
        command.env("DBSTATE_PG_BIN", bin);
    }
    if let Some(cache) = cache() {
        command.env("XDG_CACHE_HOME", cache);
    }
    command
}

/// The user's cache directory: a server template made once serves every run, whatever its home.
fn cache() -> Option<std::ffi::OsString> {
    let own = || Some(Path::new(&std::env::var_os("HOME")?).join(".cache").into_os_string());
    std::env::var_os("XDG_CACHE_HOME").or_else(own)
}

#[test]
fn the_program_runs() {
    let dir = tempfile::tempdir().expect("a working directory");
    let Output { stdout, stderr, code } = dbstate(["--version"], dir.path());
    assert_eq!(code, Some(0), "{stdout}{stderr}");
}
