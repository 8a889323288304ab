//! The user the server runs as.
//!
//! PostgreSQL refuses to run as root. So where we are root, everything that belongs to a server is owned by another
//! user, and every program that touches it is started as that user: no `su`, no setuid program. The user identity is
//! set before `exec`, and the supplementary groups are dropped with it.

use std::fs::{DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::failed;
use crate::diagnostic::{Code, Diagnostic, Result};

/// Users to run the server as when we are root, the preferred first.
const SERVICE_USERS: [&str; 3] = ["postgres", "_postgres", "nobody"];

/// Who runs the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Account {
    /// The user we are.
    Own,
    /// Another user, for we are root.
    Other { uid: u32, gid: u32 },
}

impl Account {
    /// Who runs a new server: a service user when we are root, else ourselves.
    pub(super) fn of_new_server() -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Own);
        }
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        SERVICE_USERS.iter().find_map(|name| lookup(&users, name)).ok_or_else(|| {
            let message = "PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody`";
            Box::new(Diagnostic::new(Code::Local, message).help("run dbstate as an ordinary user"))
        })
    }

    /// Who runs the server whose files are in `dir`: the owner of `dir`, once it exists.
    pub(super) fn of_server_in(dir: &Path) -> Result<Self> {
        let us = rustix::process::geteuid().as_raw();
        match dir.metadata() {
            Ok(found) if us == 0 && found.uid() != 0 => Ok(Self::Other { uid: found.uid(), gid: found.gid() }),
            Ok(found) if us != 0 && found.uid() != us => Err(Box::new(
                Diagnostic::new(
                    Code::Local,
                    format!("`{}` belongs to user {}, and we are user {us}", dir.display(), found.uid()),
                )
                .help("run dbstate as that user or as root, or remove the directory to start afresh"),
            )),
            _ => Self::of_new_server(),
        }
    }

    /// The number of this user.
    pub(super) fn uid(self) -> u32 {
        match self {
            Self::Own => rustix::process::geteuid().as_raw(),
            Self::Other { uid, .. } => uid,
        }
    }

    /// A command that runs as this user, from `/`, without input and without our connection settings.
    pub(super) fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").stdin(Stdio::null()).env("LC_ALL", "C");
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PG")) {
            command.env_remove(name);
        }
        if let Self::Other { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Makes `dir`, for this user only; it may exist already.
    ///
    /// An error where what exists is not such a directory: it was not made by us, and may be a trap. A directory comes
    /// out of git with other permissions, and in one that everyone may write somebody else can make it first.
    pub(super) fn make_directory(self, dir: &Path) -> Result<()> {
        match DirBuilder::new().mode(0o700).create(dir) {
            Ok(()) => return self.take(dir),
            Err(e) if e.kind() != ErrorKind::AlreadyExists => return Err(failed("create", dir)(e)),
            Err(_) => {}
        }
        let found = dir.symlink_metadata().map_err(failed("read", dir))?;
        let private = found.is_dir() && found.mode() & 0o777 == 0o700;
        let us = rustix::process::geteuid().as_raw();
        let empty = || dir.read_dir().is_ok_and(|mut entries| entries.next().is_none());
        match private {
            true if found.uid() == self.uid() => Ok(()),
            true if found.uid() == us && empty() => self.take(dir),
            _ => {
                let message = format!("`{}` exists and is not a private directory of the server's user", dir.display());
                Err(Diagnostic::new(Code::Local, message).help("remove it").into())
            }
        }
    }

    /// Makes a directory of a new name in `base`, for this user only, removed when dropped.
    pub(super) fn temporary_directory(self, base: &Path, prefix: &str) -> Result<TempDir> {
        let private = Permissions::from_mode(0o700);
        let made = tempfile::Builder::new().prefix(prefix).permissions(private).tempdir_in(base);
        let made = made.map_err(failed("create a directory in", base))?;
        self.take(made.path())?;
        Ok(made)
    }

    /// Gives `path` to this user.
    fn take(self, path: &Path) -> Result<()> {
        match self {
            Self::Own => Ok(()),
            Self::Other { uid, gid } => lchown(path, Some(uid), Some(gid)).map_err(failed("change owner of", path)),
        }
    }

    /// True when this user can go into `dir`: every directory above it lets them through.
    pub(super) fn reaches(self, dir: &Path) -> bool {
        let open_to_all = |dir: &Path| dir.metadata().is_ok_and(|found| found.mode() & 0o001 != 0);
        if self == Self::Own || dir.canonicalize().is_ok_and(|dir| dir.ancestors().all(open_to_all)) {
            return dir.is_dir();
        }
        let script =
            self.command(Path::new("/bin/sh")).args(["-c", "cd \"$0\""]).arg(dir).stderr(Stdio::null()).status();
        script.is_ok_and(|status| status.success())
    }
}

/// Runs `command` to its end; an error with the end of what it printed where it can't be started or fails.
pub(super) fn run(command: &mut Command) -> Result<Output> {
    let program = Path::new(command.get_program()).to_owned();
    let output = command.output().map_err(failed("run", &program))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    let message = format!("`{name}` failed ({}){}", output.status, super::tail(&said));
    Err(Box::new(Diagnostic::new(Code::Local, message)))
}

/// The user `name` in the text of `/etc/passwd`: `name:password:uid:gid:…`.
fn lookup(users: &str, name: &str) -> Option<Account> {
    let mut fields = users.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?.split(':').skip(1);
    Some(Account::Other { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_looked_up_by_their_whole_name() {
        let users = "root:x:0:0::/:/bin/sh\npostgres2:x:7:8::/:\npostgres:x:101:104:admin:/var/lib:/bin/sh\n";
        assert_eq!(lookup(users, "postgres"), Some(Account::Other { uid: 101, gid: 104 }));
        assert_eq!(lookup(users, "nobody"), None);
    }
}
