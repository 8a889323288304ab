//! Where PostgreSQL is installed on this machine.
//!
//! A distribution may keep the server programs out of `PATH`, and what it puts there may be a wrapper: so a program
//! found in `PATH` is followed to the directory it really lives in, and the well-known directories are searched too.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::diagnostic::{Code, Diagnostic, Result};

/// The environment variable that names the directory of the programs.
const BIN_VARIABLE: &str = "DBSTATE_PG_BIN";

/// What a directory must hold to be an installation of the server.
const PROGRAMS: [&str; 3] = ["postgres", "initdb", "pg_ctl"];

/// Directories whose entries `<prefix><major>` are installations, and where in those the programs are.
const VERSIONED: &[(&str, &str, &str)] = &[
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/lib", "postgresql", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ("~/.asdf/installs/postgres", "", "bin"),
    ("~/.local/share/mise/installs/postgres", "", "bin"),
];

/// Directories that hold the programs of one version.
const PLAIN: &[&str] = &[
    "/usr/bin",
    "/usr/local/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/bin",
    "~/.nix-profile/bin",
    "/run/current-system/sw/bin",
];

/// The version of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The major version: 15 of 15.4.
    pub major: u32,
    /// All of it, as the server prints it: `15.4`, `18beta1`.
    pub text: String,
}

impl Version {
    /// Reads what `postgres --version` prints: `postgres (PostgreSQL) 15.4 (Debian 15.4-1)`.
    fn parse(output: &str) -> Option<Self> {
        let text = output.split_once("(PostgreSQL) ")?.1.split_whitespace().next()?;
        Some(Self { major: leading_number(text)?, text: text.to_owned() })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// One installed PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// The directory of its programs.
    pub bin: PathBuf,
    /// Its version.
    pub version: Version,
}

impl Installation {
    /// The installation whose programs are in `bin`; an error where they are not, or do not run.
    pub fn at(bin: &Path) -> Result<Self> {
        let problem = |what: &str| {
            Box::new(
                Diagnostic::new(Code::Local, format!("`{}` {what}", bin.display()))
                    .help("name the directory that holds `postgres`, `initdb` and `pg_ctl`"),
            )
        };
        let bin = resolve(bin).ok_or_else(|| problem("is not the program directory of a PostgreSQL server"))?;
        let output = Command::new(bin.join("postgres")).arg("--version").stdin(Stdio::null()).output();
        let version = output.ok().and_then(|o| Version::parse(&String::from_utf8_lossy(&o.stdout)));
        match version {
            Some(version) => Ok(Self { bin, version }),
            None => Err(problem("holds a `postgres` that does not run")),
        }
    }

    /// The path of one of its programs; its bare name, for `PATH` to find, where it came without (clients often do).
    pub fn program(&self, name: &str) -> PathBuf {
        let own = self.bin.join(name);
        if own.is_file() { own } else { PathBuf::from(name) }
    }
}

/// Every installation found, the preferred first: `DBSTATE_PG_BIN`, `PATH`, well-known directories from new to old.
pub fn installed() -> Vec<Installation> {
    let mut found: Vec<Installation> = Vec::new();
    for bin in candidates() {
        if !found.iter().any(|i| i.bin == bin)
            && let Ok(installation) = Installation::at(&bin)
        {
            found.push(installation);
        }
    }
    found
}

/// The preferred installation, or the preferred one of that major version.
///
/// An error when there is none, with what is installed instead and how to install it; and when `DBSTATE_PG_BIN` names a
/// directory that is no installation.
pub fn find(major: Option<u32>) -> Result<Installation> {
    let suits = |i: &Installation| major.is_none_or(|major| i.version.major == major);
    if let Some(bin) = variable(BIN_VARIABLE) {
        let installation = Installation::at(Path::new(&bin)).map_err(|mut e| {
            e.problem.message = format!("{BIN_VARIABLE}: {e}");
            e
        })?;
        if suits(&installation) {
            return Ok(installation);
        }
    }
    let found = candidates().into_iter().filter_map(|bin| Installation::at(&bin).ok()).find(suits);
    found.ok_or_else(|| Box::new(missing(major)))
}

/// The diagnostic for no installation, or none of that major version.
fn missing(major: Option<u32>) -> Diagnostic {
    let others: Vec<String> = installed().iter().map(|i| format!("{} in `{}`", i.version, i.bin.display())).collect();
    let message = match (major, others.is_empty()) {
        (None, _) => "no PostgreSQL server is installed on this machine".to_owned(),
        (Some(major), true) => format!("PostgreSQL {major} is not installed on this machine, nor is any other"),
        (Some(major), false) => format!("PostgreSQL {major} is not installed; found {}", others.join(", ")),
    };
    let suffix = |separator: &str| major.map_or_else(String::new, |major| format!("{separator}{major}"));
    Diagnostic::new(Code::Local, message).help(format!(
        "Debian, Ubuntu: `apt install postgresql{}`; Fedora, RHEL: `dnf install postgresql{}-server`; \
         macOS: `brew install postgresql@{}`; or set {BIN_VARIABLE} to the directory that holds `postgres` and `initdb`",
        suffix("-"),
        suffix(""),
        major.unwrap_or(18),
    ))
}

/// Directories that hold the programs of a server, the preferred first.
fn candidates() -> Vec<PathBuf> {
    let named = variable(BIN_VARIABLE).map(PathBuf::from);
    let path = variable("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).collect::<Vec<_>>();
    let mut versioned: Vec<(u32, PathBuf)> = VERSIONED.iter().flat_map(expand).collect();
    versioned.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    let plain = PLAIN.iter().filter_map(|dir| at_home(dir));
    named
        .into_iter()
        .chain(in_path)
        .chain(versioned.into_iter().map(|(_, dir)| dir))
        .chain(plain)
        .filter_map(|dir| resolve(&dir))
        .collect()
}

/// The directories of one row of [`VERSIONED`], each with its major version (0 where the name has none).
fn expand((parent, prefix, inside): &(&str, &str, &str)) -> Vec<(u32, PathBuf)> {
    let entries = at_home(parent).and_then(|parent| parent.read_dir().ok());
    let names = entries.into_iter().flatten().flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let major = leading_number(name.strip_prefix(prefix)?).unwrap_or(0);
        Some((major, entry.path().join(inside)))
    });
    names.collect()
}

/// The directory the programs in `dir` really live in, symbolic links followed; nothing where `dir` holds none.
fn resolve(dir: &Path) -> Option<PathBuf> {
    if !dir.is_absolute() {
        return None;
    }
    let behind_links =
        PROGRAMS.iter().filter_map(|name| dir.join(name).canonicalize().ok()?.parent().map(Path::to_owned));
    behind_links.chain(dir.canonicalize().ok()).find(|dir| PROGRAMS.iter().all(|name| dir.join(name).is_file()))
}

/// `path` with a leading `~` replaced by the home directory; nothing where there is no home.
fn at_home(path: &str) -> Option<PathBuf> {
    match path.strip_prefix("~/") {
        Some(rest) => Some(PathBuf::from(variable("HOME")?).join(rest)),
        None => Some(PathBuf::from(path)),
    }
}

/// An environment variable that is set and not empty.
pub(super) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The number `text` starts with.
fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(output: &str) -> Option<(u32, String)> {
        Version::parse(output).map(|v| (v.major, v.text))
    }

    #[test]
    fn versions_are_read_as_every_packager_prints_them() {
        assert_eq!(version("postgres (PostgreSQL) 15.4 (Debian 15.4-1)\n"), Some((15, "15.4".into())));
        assert_eq!(version("postgres (PostgreSQL) 18beta1\n"), Some((18, "18beta1".into())));
        assert_eq!(version("postgres (PostgreSQL) 17devel\n"), Some((17, "17devel".into())));
        assert_eq!(version("postgres: command not found"), None);
    }

    #[test]
    fn a_program_in_path_is_followed_to_where_it_lives() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (real, path) = (dir.path().join("real"), dir.path().join("path"));
        std::fs::create_dir(&real).expect("created");
        std::fs::create_dir(&path).expect("created");
        for name in PROGRAMS {
            std::fs::write(real.join(name), "").expect("written");
        }
        std::os::unix::fs::symlink(real.join("pg_ctl"), path.join("pg_ctl")).expect("linked");
        assert_eq!(resolve(&path), real.canonicalize().ok());
        assert_eq!(resolve(dir.path()), None);
    }

    #[test]
    fn a_missing_major_says_how_to_install_it() {
        let error = find(Some(9)).expect_err("PostgreSQL 9 has no bin directory of its own here");
        let help = error.problem.help.expect("help");
        assert!(help.contains("apt install postgresql-9") && help.contains("DBSTATE_PG_BIN"), "{help}");
    }
}
