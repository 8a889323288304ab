//! A server that lives no longer than the value that owns it, or than this process.
//!
//! A destructor does not run when the process is killed, and never for a static. So a small shell process waits on a
//! pipe from us: when the pipe closes, for whatever reason, it stops the server and removes its directory.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use rustix::process::Signal;
use tempfile::TempDir;

use super::account::Account;
use super::home::Home;
use super::{Options, Server, failed};
use crate::diagnostic::Result;

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
    /// Creates and starts one under the temporary directory; `options.durable` had better be false.
    pub fn start(options: &Options) -> Result<Self> {
        let account = Account::of_new_server()?;
        let base = Some(std::env::temp_dir()).filter(|base| account.reaches(base));
        let base = base.unwrap_or_else(|| PathBuf::from("/tmp"));
        let directory = tempfile::Builder::new().prefix("dbstate-").tempdir_in(&base);
        let directory = directory.map_err(|e| failed("create a directory in", &base, &e))?;
        account.take(directory.path())?;
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

/// Starts the process that cleans up after us; out of our process group, so that Ctrl-C does not take it first.
fn watch(server: &Server, home: &Path) -> Result<Child> {
    let shell = Path::new("/bin/sh");
    let mut command = server.home.account.command(shell);
    command.args(["-c", WATCH]).arg(server.bin("pg_ctl")).arg(home);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    command.spawn().map_err(|e| failed("run", shell, &e))
}
