//! Where one server lives: its data, its log, its socket and its lock.
//!
//! ```text
//! .dbstate/.gitignore         `*`
//! .dbstate/local/             0700, owned by the user who runs the server
//!     data/                   PostgreSQL's data directory
//!     socket/                 holds `.s.PGSQL.5432`
//!     log                     what the server printed
//!     lock                    held while the server is being created, started or stopped
//! ```
//! Two of these may be symbolic links, which then are the record of where the thing is: `local` when the user who runs
//! the server can't reach the project (root's own home), `socket` when its path does not do for one.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::account::Account;
use super::{digest, failed};
use crate::diagnostic::{Code, Diagnostic, Result};

/// The port, which is only part of the socket's name.
pub(super) const PORT: u16 = 5432;

/// Where the homes are whose projects the server's user can't reach: outlives a restart of the machine.
const ELSEWHERE: &str = "/var/tmp";

/// The longest socket path that fits a socket address everywhere, in bytes: macOS has 104 with the final zero.
const SOCKET_PATH_MAX: usize = 103;

/// The log is emptied at a start once it is larger than this, in bytes.
const LOG_MAX: u64 = 1 << 20;

/// Where one server lives, and who runs it.
#[derive(Debug, Clone)]
pub(super) struct Home {
    /// The directory, or the symbolic link to it.
    entry: PathBuf,
    /// Who runs the server.
    pub(super) account: Account,
}

impl Home {
    /// The home of the server of the project in `dir`, which must exist; the home itself need not.
    pub(super) fn of_project(dir: &Path) -> Result<Self> {
        let dir = dir.canonicalize().map_err(failed("open", dir))?;
        let entry = dir.join(".dbstate").join("local");
        if entry.read_link().is_ok_and(|target| !is_elsewhere(&target)) {
            let message = format!("`{}` is a symbolic link that dbstate did not make", entry.display());
            return Err(Diagnostic::new(Code::Local, message).help("remove it").into());
        }
        let account = Account::of_server_in(&entry)?;
        Ok(Self { entry, account })
    }

    /// A home in a directory that exists already and belongs to `account`.
    pub(super) fn in_directory(dir: &Path, account: Account) -> Self {
        Self { entry: dir.to_owned(), account }
    }

    /// Its path with symbolic links followed.
    pub(super) fn path(&self) -> PathBuf {
        self.entry.canonicalize().unwrap_or_else(|_| self.entry.clone())
    }

    /// The data directory.
    pub(super) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// The log file.
    pub(super) fn log(&self) -> PathBuf {
        self.path().join("log")
    }

    /// The directory of the socket, once [`Self::make_socket_directory`] has decided it.
    pub(super) fn socket(&self) -> PathBuf {
        let socket = self.path().join("socket");
        socket.read_link().unwrap_or(socket)
    }

    /// Makes the home where it is missing.
    pub(super) fn create(&self) -> Result<()> {
        if self.entry.is_dir() {
            return self.account.make_directory(&self.path());
        }
        let parent = self.entry.parent().unwrap_or(Path::new("/"));
        DirBuilder::new().recursive(true).create(parent).map_err(failed("create", parent))?;
        let ignore = parent.join(".gitignore");
        match File::create_new(&ignore).and_then(|mut file| file.write_all(b"*\n")) {
            Err(e) if e.kind() != ErrorKind::AlreadyExists => return Err(failed("write", &ignore)(e)),
            _ => {}
        }
        if self.account.reaches(parent) {
            return self.account.make_directory(&self.entry);
        }
        let digest = digest(&[self.entry.as_os_str().as_bytes()]);
        let elsewhere = Path::new(ELSEWHERE).join(elsewhere_prefix() + &digest);
        self.account.make_directory(&elsewhere)?;
        point(&self.entry, &elsewhere)
    }

    /// Makes the directory of the socket: here, or under the temporary directory where the path here does not do.
    pub(super) fn make_socket_directory(&self) -> Result<()> {
        let here = self.path().join("socket");
        if fits(&here) {
            return self.account.make_directory(&here);
        }
        let private = |m: Metadata| m.is_dir() && m.uid() == self.account.uid() && m.mode() & 0o777 == 0o700;
        if here.read_link().and_then(|there| there.symlink_metadata()).is_ok_and(private) {
            return Ok(());
        }
        let base = Some(std::env::temp_dir()).filter(|base| fits(&base.join("dbstate-socket-123456")));
        let base = base.filter(|base| self.account.reaches(base)).unwrap_or_else(|| PathBuf::from("/tmp"));
        let made = self.account.temporary_directory(&base, "dbstate-socket-")?.keep();
        point(&here, &made)
    }

    /// Waits for the lock on this home and takes it, until the file is dropped.
    pub(super) fn lock(&self) -> Result<File> {
        let path = self.path().join("lock");
        let file = open_own(&path)?;
        file.lock().map_err(failed("lock", &path))?;
        Ok(file)
    }

    /// Opens the log for appending, emptied if it has grown large.
    pub(super) fn open_log(&self) -> Result<File> {
        let path = self.log();
        let file = open_own(&path)?;
        if file.metadata().is_ok_and(|m| m.len() > LOG_MAX) {
            file.set_len(0).map_err(failed("empty", &path))?;
        }
        Ok(file)
    }
}

/// What the name of a home outside its project begins with.
fn elsewhere_prefix() -> String {
    format!("dbstate-{}-", rustix::process::geteuid().as_raw())
}

/// True for a home outside its project: what else a link may point at, a hostile repository may have chosen.
fn is_elsewhere(target: &Path) -> bool {
    let name = target.file_name().and_then(|name| name.to_str());
    target.parent() == Some(Path::new(ELSEWHERE)) && name.is_some_and(|name| name.starts_with(&elsewhere_prefix()))
}

/// True when the socket in `dir` has a path that fits an address and a URL, where a comma separates hosts.
fn fits(dir: &Path) -> bool {
    let short = dir.as_os_str().len() + format!("/.s.PGSQL.{PORT}").len() <= SOCKET_PATH_MAX;
    short && dir.to_str().is_some_and(|dir| !dir.contains(','))
}

/// Makes `link` a symbolic link to `target`, in place of an older one.
fn point(link: &Path, target: &Path) -> Result<()> {
    if link.is_symlink() {
        std::fs::remove_file(link).map_err(failed("remove", link))?;
    }
    match symlink(target, link) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists && link.read_link().is_ok_and(|to| to == target) => Ok(()),
        other => other.map_err(failed("create", link)),
    }
}

/// Opens a file for appending, made if missing; never through a symbolic link, for the directory may not be ours.
pub(super) fn open_own(path: &Path) -> Result<File> {
    let flags = OFlags::NOFOLLOW.bits().cast_signed();
    let file = OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags).open(path);
    file.map_err(failed("open", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_takes_the_place_of_an_older_one() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let link = dir.path().join("link");
        point(&link, Path::new("/nowhere")).expect("made");
        point(&link, dir.path()).expect("made anew");
        assert_eq!(link.read_link().ok().as_deref(), Some(dir.path()));
    }

    #[test]
    fn no_file_is_opened_through_a_link() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (target, link) = (dir.path().join("target"), dir.path().join("link"));
        symlink(&target, &link).expect("linked");
        assert!(open_own(&link).is_err());
        assert!(!target.exists());
    }
}
