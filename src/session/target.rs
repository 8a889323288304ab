//! Where and how to connect: what is left of all flags, variables and files once they are resolved.

use std::fmt::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};

use super::passfile::Passfile;
use super::place::{Host, HostKind};

/// Whether and how a connection is encrypted and the server checked; see `libpq-ssl`, "SSL Mode Descriptions".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SslMode {
    /// Never encrypted.
    Disable,
    /// Encrypted only if the server refuses otherwise.
    Allow,
    /// Encrypted if the server can.
    Prefer,
    /// Encrypted; the server is checked only where a root certificate file exists.
    Require,
    /// Encrypted, and the server's certificate comes from a trusted authority.
    VerifyCa,
    /// As `VerifyCa`, and the certificate names the host.
    VerifyFull,
}

/// How encryption begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslNegotiation {
    /// The client asks first.
    Postgres,
    /// TLS at once; PostgreSQL 17 and later.
    Direct,
}

/// Whether SCRAM authentication is bound to the TLS channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelBinding {
    /// Never.
    Disable,
    /// Where both sides can.
    Prefer,
    /// Or no connection.
    Require,
}

/// What a server must be to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionAttributes {
    /// Any.
    Any,
    /// Accepts writes.
    ReadWrite,
    /// Does not.
    ReadOnly,
    /// Not in recovery.
    Primary,
    /// In recovery.
    Standby,
    /// In recovery, or any if none is.
    PreferStandby,
}

/// Everything about TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SslSettings {
    /// Whether to encrypt and what to check.
    pub mode: SslMode,
    /// How it begins.
    pub negotiation: SslNegotiation,
    /// The client's certificate file.
    pub cert: Option<SslFile>,
    /// The client's private key file.
    pub key: Option<SslFile>,
    /// The authorities to trust.
    pub root: Option<SslRoot>,
    /// The certificates to refuse.
    pub crl: Option<SslFile>,
    /// Whether the handshake names the host.
    pub sni: bool,
    /// True where TLS 1.2 is too old.
    pub only_tls13: bool,
    /// True where TLS 1.3 is too new.
    pub only_tls12: bool,
}

/// A file of certificates or keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SslFile {
    /// Its path.
    pub path: PathBuf,
    /// False for the default path under the home directory, which need not exist.
    pub explicit: bool,
}

/// The authorities to trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SslRoot {
    /// Those the operating system trusts: `sslrootcert=system`.
    System,
    /// Those in a file.
    File(SslFile),
}

/// When a silent TCP connection is checked.
///
/// libpq leaves to the system what is not said, which is two hours: routers forget a silent connection before that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keepalives {
    /// Whether it is.
    pub on: bool,
    /// After how long a silence; 60 s unless it is said.
    pub idle: Duration,
    /// How often from then on; every 10 s unless it is said.
    pub interval: Duration,
    /// How many lost probes end the connection; 6 unless it is said.
    pub count: u32,
    /// How long sent data may stay unacknowledged.
    pub user_timeout: Option<Duration>,
}

impl Keepalives {
    /// How long a server that says nothing is waited for.
    pub fn patience(&self) -> Option<Duration> {
        self.on.then(|| self.idle + self.interval * self.count)
    }
}

/// Where and how to connect. Neither `Debug` nor `Display` shows a password.
#[derive(Clone)]
pub struct Target {
    pub(super) hosts: Vec<Host>,
    pub(super) user: String,
    pub(super) dbname: String,
    pub(super) password: Option<SecretString>,
    pub(super) passfile: Arc<Passfile>,
    pub(super) ssl: SslSettings,
    pub(super) channel_binding: ChannelBinding,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) options: Option<String>,
    pub(super) application_name: String,
    pub(super) keepalives: Keepalives,
    pub(super) session_attributes: SessionAttributes,
    pub(super) random_order: bool,
    pub(super) warnings: Vec<String>,
    /// The command that makes a database on that server.
    pub(super) maker: &'static str,
}

impl Target {
    /// The same, which says that `maker` makes a database on that server.
    #[must_use]
    pub fn made_by(self, maker: &'static str) -> Self {
        Self { maker, ..self }
    }

    /// The same server as the same user, but another database. A password from the password file is looked up anew.
    #[must_use]
    pub fn with_database(&self, name: &str) -> Self {
        Self { dbname: name.to_owned(), ..self.clone() }
    }

    /// The hosts, in the order to try.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// The role to log in as.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The database.
    pub fn database(&self) -> &str {
        &self.dbname
    }

    /// The `application_name` the session will have.
    pub fn application_name(&self) -> &str {
        &self.application_name
    }

    /// Everything about TLS.
    pub fn ssl(&self) -> &SslSettings {
        &self.ssl
    }

    /// The rule for SCRAM over TLS.
    pub fn channel_binding(&self) -> ChannelBinding {
        self.channel_binding
    }

    /// How long one address may take to answer; `None` waits as long as the system does.
    pub fn connect_timeout(&self) -> Option<Duration> {
        self.connect_timeout
    }

    /// The server options, as in `-c statement_timeout=1s`.
    pub fn options(&self) -> Option<&str> {
        self.options.as_deref()
    }

    /// When the kernel checks a silent connection.
    pub fn keepalives(&self) -> Keepalives {
        self.keepalives
    }

    /// What a server must be to be taken.
    pub fn session_attributes(&self) -> SessionAttributes {
        self.session_attributes
    }

    /// True where hosts and addresses are tried in random order.
    pub fn random_order(&self) -> bool {
        self.random_order
    }

    /// The password given or found for one host.
    pub fn password(&self, host: &Host) -> Option<&SecretString> {
        self.password.as_ref().or_else(|| self.passfile.find(host, &self.dbname, &self.user))
    }

    /// What the user should know, such as a password file that was ignored because others can read it.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// What stands for itself in a URI.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const PATH: &AsciiSet = &PLAIN.remove(b'/');
const HOST: &AsciiSet = &PLAIN.remove(b':');

/// A host and its port as they stand in a URI.
fn encoded(host: &Host) -> String {
    let mut host = host.clone();
    if let HostKind::Tcp { name, .. } = &mut host.kind {
        *name = utf8_percent_encode(name, HOST).to_string();
    }
    host.shown()
}

/// `postgresql://user@host:port/db`, or `postgresql://user@/db?host=/dir&port=5432` for sockets. It parses back.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (user, name) = (utf8_percent_encode(&self.user, PLAIN), utf8_percent_encode(&self.dbname, PLAIN));
        let socket = |host: &Host| matches!(host.kind, HostKind::Socket(_));
        if !self.hosts.iter().any(socket) {
            let hosts: Vec<_> = self.hosts.iter().map(encoded).collect();
            return write!(f, "postgresql://{user}@{}/{name}", hosts.join(","));
        }
        let mut hosts = String::new();
        let mut ports = String::new();
        for (i, host) in self.hosts.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            let path = match &host.kind {
                HostKind::Socket(dir) => dir.to_string_lossy(),
                HostKind::Tcp { name, address } if name.is_empty() => {
                    address.map(|a| a.to_string()).unwrap_or_default().into()
                }
                HostKind::Tcp { name, .. } => name.into(),
            };
            write!(hosts, "{comma}{}", utf8_percent_encode(&path, PATH))?;
            write!(ports, "{comma}{}", host.port)?;
        }
        write!(f, "postgresql://{user}@/{name}?host={hosts}&port={ports}")
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = self.password.as_ref().map(|p| if p.expose_secret().is_empty() { "empty" } else { "given" });
        f.debug_struct("Target")
            .field("url", &format_args!("{self}"))
            .field("password", &given)
            .field("ssl", &self.ssl)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
