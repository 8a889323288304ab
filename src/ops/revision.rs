//! Reads a project as of a git revision.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::diagnostic::{Code, Diagnostic, Result, io_text};

/// Returns whether git resolves `revision` to a commit in that directory.
pub fn is_known(directory: &Path, revision: &str) -> bool {
    let name = format!("{revision}^{{commit}}");
    !revision.starts_with('-')
        && git(directory, &["rev-parse", "--verify", "--quiet", &name]).is_ok_and(|o| o.status.success())
}

/// Extracts the YAML and SQL files of a directory as of a revision into a temporary directory.
pub fn files(directory: &Path, revision: &str) -> Result<TempDir> {
    let out = TempDir::new().map_err(|e| failed(revision, &io_text(&e)))?;
    let listed = answer(directory, revision, &["ls-tree", "-r", "-z", "--name-only", revision, "--", "."])?;
    let names = String::from_utf8_lossy(&listed).into_owned();
    let wanted = |name: &&str| Path::new(name).extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "sql");
    for name in names.split('\0').filter(wanted) {
        let text = answer(directory, revision, &["cat-file", "blob", &format!("{revision}:./{name}")])?;
        let path: PathBuf = out.path().join(name);
        let parent = path.parent().unwrap_or(out.path());
        std::fs::create_dir_all(parent).map_err(|e| failed(revision, &io_text(&e)))?;
        std::fs::write(&path, text).map_err(|e| failed(revision, &io_text(&e)))?;
    }
    Ok(out)
}

fn answer(directory: &Path, revision: &str, args: &[&str]) -> Result<Vec<u8>> {
    let output = git(directory, args).map_err(|e| failed(revision, &io_text(&e)))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(failed(revision, String::from_utf8_lossy(&output.stderr).trim()))
}

fn git(directory: &Path, args: &[&str]) -> std::io::Result<Output> {
    Command::new("git").arg("-C").arg(directory).args(args).output()
}

fn failed(revision: &str, cause: &str) -> Box<Diagnostic> {
    let message = format!("git can't read the project at `{revision}`: {cause}");
    Box::new(Diagnostic::new(Code::File, message).help("run it inside the repository, with git installed"))
}
