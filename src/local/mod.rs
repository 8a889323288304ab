//! The embedded server: a private PostgreSQL from the installation on this machine.
//!
//! [`Server`] is the one of a project, kept under `.dbstate/`; [`Ephemeral`] is one for the length of a test run. Both
//! listen on a Unix socket only, in a directory that no other user can enter, and trust whoever reaches it.
//!
//! Settings go on the command line of `postgres`, so that a data directory is the same whatever it is used for. The
//! programs are started and signalled directly, without `pg_ctl`, which looks only every 100 ms.

mod account;
mod ephemeral;
mod find;
mod home;
mod process;
mod template;

use std::fmt::Write as _;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::Instant;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rustix::process::Signal;
use sha2::{Digest, Sha256};

pub use self::ephemeral::Ephemeral;
pub use self::find::{Installation, Version, find, installed};
use self::home::{Home, PORT};
use self::process::{PATIENCE, Postmaster, TICK};
use crate::diagnostic::{Code, Diagnostic, Result};

/// The superuser of every embedded server.
pub const SUPERUSER: &str = "postgres";

/// Settings of a server whose data may be lost.
const NOT_DURABLE: [(&str, &str); 4] =
    [("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off"), ("autovacuum", "off")];

/// What stays as it is in a URL's path or value.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How to run a server.
#[derive(Debug, Clone)]
pub struct Options {
    /// The directory of the programs; otherwise they are looked for as [`find`] says.
    pub bin: Option<PathBuf>,
    /// The major version; absent means that of the data directory, or for a new one the preferred installation.
    pub major: Option<u32>,
    /// Settings as in `postgresql.conf`; a later one wins over an earlier one of the same name.
    pub settings: Vec<(String, String)>,
    /// False where the data may be lost in a crash: faster by far.
    pub durable: bool,
}

impl Default for Options {
    /// Durable, of any version, without settings.
    fn default() -> Self {
        Self { bin: None, major: None, settings: Vec::new(), durable: true }
    }
}

/// What a server is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It runs.
    Running {
        /// Its first process.
        pid: i32,
        /// When it was started, to the second.
        since: Option<Timestamp>,
    },
    /// It has data, and does not run.
    Stopped,
    /// It was never started.
    NotCreated,
}

/// A PostgreSQL server, running or not.
#[derive(Debug, Clone)]
pub struct Server {
    home: Home,
    installation: Installation,
    options: Options,
}

impl Server {
    /// The server of the project in `dir`. Nothing is created or started yet.
    ///
    /// An error when the installed versions do not fit the data directory or `options`, or the data is another user's.
    pub fn open(dir: &Path, options: &Options) -> Result<Self> {
        Self::in_home(Home::of_project(dir)?, options)
    }

    /// The server of that home.
    fn in_home(home: Home, options: &Options) -> Result<Self> {
        let installation = choose(&home.data(), options)?;
        Ok(Self { home, installation, options: options.clone() })
    }

    /// Starts it and returns once it takes queries; creates its data first if there is none.
    ///
    /// Does nothing when it runs already, then with the settings it was started with. Safe from several processes at
    /// once. An error holds the end of the server's log.
    pub fn start(&self) -> Result<()> {
        self.home.create()?;
        let _lock = self.home.lock()?;
        if Postmaster::running(&self.home.data()).is_some() {
            return self.wait_until_ready(None, 0);
        }
        self.create_data()?;
        Postmaster::remove_stale(&self.home.data());
        self.home.make_socket_directory()?;
        let log = self.home.open_log()?;
        let log_start = log.metadata().map_or(0, |m| m.len());
        let child = self.postgres(log)?.spawn().map_err(failed("run", &self.bin("postgres")))?;
        self.wait_until_ready(Some(child), log_start)
    }

    /// Stops it, ending its sessions, and returns once it is gone; does nothing when it does not run.
    pub fn stop(&self) -> Result<()> {
        self.stop_with(Signal::INT)
    }

    fn stop_with(&self, signal: Signal) -> Result<()> {
        if self.status() == Status::NotCreated {
            return Ok(());
        }
        let _lock = self.home.lock()?;
        Postmaster::running(&self.home.data()).map_or(Ok(()), |postmaster| postmaster.stop(signal))
    }

    /// What it is doing now.
    pub fn status(&self) -> Status {
        let data = self.home.data();
        match Postmaster::running(&data) {
            Some(p) => Status::Running { pid: p.pid.as_raw_nonzero().get(), since: p.since },
            None if data.is_dir() => Status::Stopped,
            None => Status::NotCreated,
        }
    }

    /// The URL of one of its databases, once it has been started: `postgresql:///name?host=…&port=5432&user=postgres`.
    pub fn url(&self, database: &str) -> String {
        let encode = |text: &[u8]| percent_encode(text, PLAIN).to_string();
        let socket = encode(self.socket_directory().as_os_str().as_encoded_bytes());
        format!("postgresql:///{}?host={socket}&port={PORT}&user={SUPERUSER}", encode(database.as_bytes()))
    }

    /// The directory of its socket, once it has been started.
    pub fn socket_directory(&self) -> PathBuf {
        self.home.socket()
    }

    /// A `psql` connected to one of its databases, whatever `PG*` variables are set.
    pub fn psql_command(&self, database: &str) -> Command {
        let mut command = Command::new(self.bin("psql"));
        command.arg("--dbname").arg(self.url(database));
        for name in ["HOST", "HOSTADDR", "PORT", "USER", "DATABASE", "PASSWORD", "SERVICE", "SSLMODE", "OPTIONS"] {
            command.env_remove(format!("PG{name}"));
        }
        command
    }

    /// The path of a program of the installation: `psql`, `pg_dump`.
    pub fn bin(&self, name: &str) -> PathBuf {
        self.installation.program(name)
    }

    /// The version of the installation it runs from.
    pub fn version(&self) -> &Version {
        &self.installation.version
    }

    /// The file that holds what it printed.
    pub fn log(&self) -> PathBuf {
        self.home.log()
    }

    /// Makes the data directory where it is missing, under another name until it is whole.
    fn create_data(&self) -> Result<()> {
        let (data, fresh) = (self.home.data(), self.home.path().join("data.new"));
        if data.is_dir() {
            return Ok(());
        }
        if fresh.symlink_metadata().is_ok() {
            std::fs::remove_dir_all(&fresh).map_err(failed("remove", &fresh))?;
        }
        self.home.account.make_directory(&fresh)?;
        template::create_data(&self.installation, self.home.account, &fresh)?;
        if self.options.durable {
            template::sync_data(&self.installation, self.home.account, &fresh)?;
        }
        std::fs::rename(&fresh, &data).map_err(failed("create", &data))
    }

    /// The command that is the server, in a process group of its own: Ctrl-C is meant for us.
    fn postgres(&self, log: std::fs::File) -> Result<Command> {
        let mut command = self.home.account.command(&self.bin("postgres"));
        command.arg("-D").arg(self.home.data());
        for (name, value) in self.settings() {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let same = log.try_clone().map_err(failed("open", &self.home.log()))?;
        command.stdout(log).stderr(same).process_group(0);
        Ok(command)
    }

    /// Every setting given on the command line, where the last of a name wins.
    fn settings(&self) -> Vec<(String, String)> {
        let socket = self.socket_directory().display().to_string();
        let mut settings = Vec::new();
        let mut set = |name: &str, value: &str| settings.push((name.to_owned(), value.to_owned()));
        if !self.options.durable {
            for (name, value) in NOT_DURABLE {
                set(name, value);
            }
            if !self.options.settings.iter().any(|(name, _)| name == "wal_level" || name == "max_wal_senders") {
                set("wal_level", "minimal");
                set("max_wal_senders", "0");
            }
        }
        for (name, value) in &self.options.settings {
            set(name, value);
        }
        set("listen_addresses", "");
        set("port", &PORT.to_string());
        set("unix_socket_directories", &format!("\"{}\"", socket.replace('"', "\"\"")));
        settings
    }

    /// Waits until the server takes queries. `child` is the server if we started it, whose log begins at `log_start`.
    fn wait_until_ready(&self, mut child: Option<Child>, log_start: u64) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ended = child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if ended.is_some() || Instant::now() > deadline {
                child.as_mut().map(Child::kill);
                return Err(Box::new(self.not_started(ended.is_some(), log_start)));
            }
            let postmaster = Postmaster::read(&self.home.data());
            let ours =
                |p: &Postmaster| child.as_ref().is_none_or(|c| c.id() == p.pid.as_raw_nonzero().get().cast_unsigned());
            if postmaster.is_some_and(|p| p.ready && ours(&p) && p.is_running()) {
                return Ok(());
            }
            sleep(TICK);
        }
    }

    /// The diagnostic for a server that ended or kept us waiting.
    fn not_started(&self, ended: bool, log_start: u64) -> Diagnostic {
        let how = if ended { "did not start" } else { "did not get ready in time" };
        let log = self.home.log();
        let message = format!("PostgreSQL {} {how}{}", self.version(), tail(&read_from(&log, log_start)));
        Diagnostic::new(Code::Local, message).help(format!(
            "the whole log is `{}`; to start afresh, and lose what the server holds, remove `{}`",
            log.display(),
            self.home.path().display()
        ))
    }
}

/// The installation for that data directory: of its major version, which `options` must not contradict.
fn choose(data: &Path, options: &Options) -> Result<Installation> {
    let holds = std::fs::read_to_string(data.join("PG_VERSION")).ok().and_then(|text| text.trim().parse::<u32>().ok());
    let afresh = || format!("or remove `{}` to start afresh, and lose what the server holds", data.display());
    if let (Some(holds), Some(asked)) = (holds, options.major)
        && holds != asked
    {
        let message = format!("the data of the embedded server is of PostgreSQL {holds}, and {asked} is asked for");
        let help = format!("ask for {holds}, {}", afresh());
        return Err(Box::new(Diagnostic::new(Code::Local, message).help(help)));
    }
    let major = holds.or(options.major);
    let found = match &options.bin {
        Some(bin) => Installation::at(bin).and_then(|found| match major {
            Some(major) if found.version.major != major => {
                let message = format!("`{}` is PostgreSQL {}, and {major} is needed", bin.display(), found.version);
                Err(Box::new(Diagnostic::new(Code::Local, message)))
            }
            _ => Ok(found),
        }),
        None => find(major),
    };
    found.map_err(|mut e| {
        if let Some(holds) = holds {
            e.problem.message = format!("the embedded server's data needs PostgreSQL {holds}: {e}");
            e.problem.help = Some(e.problem.help.map_or_else(afresh, |help| format!("{help}; {}", afresh())));
        }
        e
    })
}

/// Makes the diagnostic for a file or program that can't be used: for `map_err`.
fn failed(what: &str, path: &Path) -> impl FnOnce(std::io::Error) -> Box<Diagnostic> {
    move |error| Diagnostic::new(Code::Local, format!("can't {what} `{}`: {error}", path.display())).into()
}

/// A short name for these bytes: 16 hexadecimal digits, the same on every machine.
fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update(b"\0");
    }
    hash.finalize()[..8].iter().fold(String::new(), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}

/// What the file holds from byte `start` on, as far as it can be read.
fn read_from(path: &Path, start: u64) -> String {
    let mut bytes = Vec::new();
    if let Ok(mut file) = std::fs::File::open(path)
        && file.seek(SeekFrom::Start(start)).is_ok()
    {
        _ = file.read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The last ten lines of what a program printed, as the end of a message.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(10)..].join("\n  ");
    if last.is_empty() { String::new() } else { format!(":\n  {last}") }
}
