//! The running server, as its `postmaster.pid` tells of it.
//!
//! The file outlives a server that was killed, and its number may by then be another process: a server counts as
//! running only when the process exists and its socket takes connections.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, test_kill_process, waitpid};

use crate::diagnostic::{Code, Diagnostic, Result};

/// How long a start or a stop may take.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// How long a process named in `postmaster.pid` may be without a socket.
const GRACE: Duration = Duration::from_millis(500);

/// How long to sleep between two looks.
pub(super) const TICK: Duration = Duration::from_millis(1);

/// What `postmaster.pid` says.
#[derive(Debug, Clone)]
pub(super) struct Postmaster {
    /// The file.
    file: PathBuf,
    /// The first process of the server.
    pub(super) pid: Pid,
    /// When it was started.
    pub(super) since: Option<Timestamp>,
    /// Its socket, once it has one.
    socket: Option<PathBuf>,
    /// True once it takes queries.
    pub(super) ready: bool,
}

impl Postmaster {
    /// What the file in that data directory says, whether or not the server is still there.
    pub(super) fn read(data: &Path) -> Option<Self> {
        let file = data.join("postmaster.pid");
        Self::parse(&std::fs::read_to_string(&file).ok()?, file)
    }

    /// The server of that data directory, if it runs.
    pub(super) fn running(data: &Path) -> Option<Self> {
        Self::read(data).filter(Self::is_running)
    }

    /// Lines: pid, data directory, start in seconds, port, socket directory, address, shared memory, status.
    fn parse(text: &str, file: PathBuf) -> Option<Self> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let pid = lines.first()?.parse().ok().and_then(Pid::from_raw)?;
        let socket = match (lines.get(3), lines.get(4)) {
            (Some(port), Some(dir)) if !dir.is_empty() => Some(Path::new(dir).join(format!(".s.PGSQL.{port}"))),
            _ => None,
        };
        let since = lines.get(2).and_then(|s| Timestamp::from_second(s.parse().ok()?).ok());
        Some(Self { file, pid, since, socket, ready: lines.get(7) == Some(&"ready") })
    }

    /// True when the process exists and its socket takes connections.
    pub(super) fn is_running(&self) -> bool {
        exists(self.pid) && self.socket.as_ref().is_some_and(|socket| UnixStream::connect(socket).is_ok())
    }

    /// Removes a file left behind by a server that was killed, when its number now is another process.
    ///
    /// PostgreSQL does this itself unless that process is of the same user. A server that has just been started by other
    /// means has the file a moment before its socket, so it gets that moment.
    pub(super) fn remove_stale(data: &Path) {
        let deadline = Instant::now() + GRACE;
        while let Some(left) = Self::read(data).filter(|left| exists(left.pid) && !left.is_running()) {
            if Instant::now() > deadline {
                _ = std::fs::remove_file(&left.file);
            }
            sleep(TICK);
        }
    }

    /// Sends `signal` (`INT`: ends sessions and writes everything out; `QUIT`: at once) and waits until it is gone.
    pub(super) fn stop(&self, signal: Signal) -> Result<()> {
        if let Err(e) = kill_process(self.pid, signal)
            && exists(self.pid)
        {
            let message = format!("can't signal the server, process {}: {e}", self.pid);
            return Err(Box::new(Diagnostic::new(Code::Local, message).help("stop it as the user who started it")));
        }
        let deadline = Instant::now() + PATIENCE;
        while self.file.exists() && exists(self.pid) {
            if Instant::now() > deadline {
                let message = format!("the server, process {}, did not stop within {PATIENCE:?}", self.pid);
                return Err(Box::new(
                    Diagnostic::new(Code::Local, message).help("see its log; `kill -QUIT` stops it at once"),
                ));
            }
            sleep(TICK);
            reap(self.pid, WaitOptions::NOHANG);
        }
        reap(self.pid, WaitOptions::empty());
        Ok(())
    }
}

/// True when there is such a process, of whatever user.
fn exists(pid: Pid) -> bool {
    !matches!(test_kill_process(pid), Err(rustix::io::Errno::SRCH))
}

/// Lets go of an ended child of ours; nothing happens where it is not our child.
fn reap(pid: Pid, options: WaitOptions) {
    _ = waitpid(Some(pid), options);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pid_file_is_read_as_far_as_it_is_written() {
        let whole = "42\n/data\n1700000000\n5432\n/run\n\n  1 2\nready   \n";
        let postmaster = Postmaster::parse(whole, PathBuf::new()).expect("whole");
        assert_eq!(postmaster.socket.as_deref(), Some(Path::new("/run/.s.PGSQL.5432")));
        assert!(postmaster.ready);
        let early = Postmaster::parse("42\n/data\n1700000000\n", PathBuf::new()).expect("early");
        assert!(!early.ready && early.socket.is_none() && early.since.is_some());
        assert!(Postmaster::parse("", PathBuf::new()).is_none());
    }
}
