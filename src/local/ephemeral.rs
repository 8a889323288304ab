//! A server that lives no longer than the value that owns it, or than this process.
//!
//! A destructor does not run when the process is killed, and never for a static. So a small shell process waits on a
//! pipe from us: when the pipe closes, for whatever reason, it stops the server and removes its directory.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use rustix::fs::Access;
use rustix::process::Signal;
use tempfile::TempDir;

use super::account::Account;
use super::find::variable;
use super::home::Home;
use super::{Options, Server, failed};
use crate::diagnostic::Result;

/// The least room in memory for a server to live there, in bytes.
const MEMORY_MIN: u64 = 4 << 30;

/// Waits for the end of input; `$0` is `pg_ctl`, `$1` the home of the server.
const WATCH: &str = r#"read -r _; "$0" stop --silent --mode=immediate --pgdata="$1/data"; rm -rf -- "$1""#;

/// A running server with a directory of its own, both of which go when this is dropped.
#[derive(Debug)]
pub struct Ephemeral {
    server: Server,
    directory: Option<TempDir>,
    watch: Child,
}

impl Ephemeral {
    /// Creates and starts one, in memory where there is room and `TMPDIR` does not say otherwise.
    ///
    /// `options.durable` had better be false.
    pub fn start(options: &Options) -> Result<Self> {
        let account = Account::of_new_server()?;
        let directory = account.temporary_directory(&base(account), "dbstate-")?;
        let server = Server::in_home(Home::in_directory(directory.path(), account), options)?;
        let watch = watch(&server, directory.path())?;
        let this = Self { server, directory: Some(directory), watch };
        this.server.start()?;
        Ok(this)
    }

    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }
}

impl Drop for Ephemeral {
    fn drop(&mut self) {
        _ = self.server.stop_with(Signal::QUIT);
        drop(self.directory.take());
        drop(self.watch.stdin.take());
        _ = self.watch.wait();
    }
}

/// The directory to make its directory in.
///
/// In memory if possible: on ext4, making a thousand files soon after a thousand were removed takes 15 times longer, for
/// it looks for an inode that was not in use lately.
fn base(account: Account) -> PathBuf {
    let named = variable("TMPDIR").map(PathBuf::from);
    let memory = Path::new("/dev/shm");
    let roomy = rustix::fs::statvfs(memory).is_ok_and(|found| found.f_bavail * found.f_frsize >= MEMORY_MIN)
        && rustix::fs::access(memory, Access::WRITE_OK).is_ok();
    let bases = [named, roomy.then(|| memory.to_owned()), Some(std::env::temp_dir())];
    bases.into_iter().flatten().find(|base| account.reaches(base)).unwrap_or_else(|| PathBuf::from("/tmp"))
}

/// Starts the process that cleans up after us; out of our process group, so that Ctrl-C does not take it first.
fn watch(server: &Server, home: &Path) -> Result<Child> {
    let shell = Path::new("/bin/sh");
    let mut command = server.home.account.command(shell);
    command.args(["-c", WATCH]).arg(server.bin("pg_ctl")).arg(home);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    command.spawn().map_err(failed("run", shell))
}
