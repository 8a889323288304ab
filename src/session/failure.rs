//! Why an attempt to connect failed, what to try next, and the cure to tell.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use rustls::{AlertDescription, CertificateError};
use tokio_postgres::error::{DbError, SqlState};

use super::place::HostKind;
use super::{Place, Target};
use crate::diagnostic::{Code, Diagnostic};

/// What a failed attempt leaves to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The next host: nobody answered, or not one we want.
    Host,
    /// The same host, encrypted if it was not, or the other way round, where `sslmode` allows it; else nothing.
    OtherWay,
    /// Nothing.
    Nothing,
}

/// One failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// What may be tried next.
    pub next: Next,
    /// Its class.
    pub code: Code,
    /// Why, as a fragment that follows "no connection to …:".
    pub cause: String,
    /// The cure.
    pub help: String,
    /// True where the connection was encrypted, or about to be.
    pub encrypted: bool,
}

impl Failure {
    pub fn new(next: Next, cause: impl Into<String>, help: impl Into<String>) -> Self {
        Self { next, code: Code::Connection, cause: cause.into(), help: help.into(), encrypted: false }
    }

    /// No connection to the socket itself.
    pub fn of_socket(error: &io::Error, place: &Place) -> Self {
        let is_socket = place.socket().is_some();
        let (cause, help) = match error.kind() {
            io::ErrorKind::NotFound if is_socket => ("no such socket".to_owned(), SOCKET_HELP),
            io::ErrorKind::ConnectionRefused if is_socket => ("nobody listens on the socket".to_owned(), SOCKET_HELP),
            io::ErrorKind::PermissionDenied if is_socket => (
                "permission denied".to_owned(),
                "the operating system's user may not open the socket: see `unix_socket_permissions`, or use `-h`",
            ),
            io::ErrorKind::ConnectionRefused => ("connection refused".to_owned(), REFUSED_HELP),
            io::ErrorKind::TimedOut => ("timed out".to_owned(), TIMEOUT_HELP),
            _ => (error.to_string(), "is the network up, and the address right?"),
        };
        Self::new(Next::Host, cause, help)
    }

    /// A host name without an address.
    pub fn of_lookup(error: &io::Error) -> Self {
        let help = "check the spelling of the host, and that this machine can resolve it";
        Self::new(Next::Host, format!("the host name can't be resolved ({error})"), help)
    }

    pub fn of_timeout(after: Duration) -> Self {
        Self::new(Next::Host, format!("no answer within {} s", after.as_secs()), TIMEOUT_HELP)
    }

    /// An error of the driver: from the server, from TLS, or from the line.
    pub fn of_driver(error: &tokio_postgres::Error, place: &Place, target: &Target) -> Self {
        if let Some(error) = error.as_db_error() {
            return Self::of_server(error, place, target);
        }
        if let Some(error) = find_tls(error) {
            return Self::of_tls(error);
        }
        let text = driver_text(error);
        if text.contains("password missing") {
            return Self::new(Next::Nothing, "the server asks for a password, and none is given", PASSWORD_HELP);
        }
        if text.contains("channel binding") {
            let help = "it needs TLS, SCRAM and a server certificate signed with a SHA-2 digest; \
                        else set `channel_binding=prefer`";
            return Self::new(Next::Nothing, "the server did not use channel binding", help);
        }
        if text.contains("unsupported authentication method") || text.contains("unsupported SASL mechanism") {
            let help =
                "dbstate logs in by password (SCRAM, MD5, plain), by client certificate, and by `peer` or `trust`";
            return Self::new(Next::Nothing, "the server asks for a login method dbstate lacks", help);
        }
        if text.contains("SCRAM verification") || text.contains("invalid nonce") {
            let help = "something between here and the server may be pretending to be it";
            return Self::new(Next::Nothing, "the server could not prove that it knows the password", help);
        }
        Self::new(Next::OtherWay, text, "is that a PostgreSQL server? its log may say more")
    }

    /// A refusal by the server.
    fn of_server(error: &DbError, place: &Place, target: &Target) -> Self {
        let code = error.code();
        let mut cause = error.message().to_owned();
        if let Some(detail) = error.detail() {
            cause = format!("{cause} ({detail})");
        }
        let (next, help) = match code {
            code if *code == SqlState::INVALID_PASSWORD => {
                let help = match target.password(&place.host) {
                    Some(_) => "check the password and the user; sources are the URL, `PGPASSWORD` and `~/.pgpass`",
                    None => PASSWORD_HELP,
                };
                (Next::Nothing, help.to_owned())
            }
            code if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
                (Next::OtherWay, login_help(place, &cause))
            }
            code if *code == SqlState::INVALID_CATALOG_NAME => {
                (Next::Nothing, format!("check the name, or create it: `{} {}`", target.maker, target.database()))
            }
            code if *code == SqlState::CANNOT_CONNECT_NOW => {
                (Next::Host, "the server is starting, stopping or recovering: try again later".to_owned())
            }
            code if *code == SqlState::TOO_MANY_CONNECTIONS => {
                (Next::Nothing, "end idle sessions, or raise `max_connections` or the role's limit".to_owned())
            }
            code if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
                (Next::Nothing, format!("grant the role `connect` on database `{}`", target.database()))
            }
            code if *code == SqlState::PROTOCOL_VIOLATION && cause.contains("options") => (
                Next::Nothing,
                "connect to the server itself, not through the pooler, or let the pooler ignore `options` \
                 (PgBouncer: `ignore_startup_parameters`)"
                    .to_owned(),
            ),
            _ => (Next::Nothing, error.hint().unwrap_or("the server's log may say more").to_owned()),
        };
        Self::new(next, cause, help)
    }

    /// A failed handshake.
    pub fn of_tls(error: &rustls::Error) -> Self {
        let (cause, help) = match error {
            rustls::Error::InvalidCertificate(error) => certificate(error),
            rustls::Error::AlertReceived(alert) => alert_text(*alert),
            rustls::Error::PeerIncompatible(reason) => (
                format!("the server offers no TLS that is safe enough ({reason:?})"),
                "dbstate speaks TLS 1.2 and 1.3: see `ssl_min_protocol_version` and `ssl_ciphers` of the server",
            ),
            error => (format!("the TLS handshake failed: {error}"), "is that a PostgreSQL server with `ssl = on`?"),
        };
        Self::new(Next::OtherWay, cause, help)
    }

    pub fn no_tls() -> Self {
        let help = "turn `ssl` on in the server's configuration, or set `sslmode=prefer` to go on without encryption";
        Self::new(Next::Nothing, NO_TLS, help)
    }

    /// The same, after TLS without a request for it.
    pub fn of_direct(mut self) -> Self {
        self.help = format!("`sslnegotiation=direct` needs PostgreSQL 17 or later; otherwise, {}", self.help);
        self
    }

    /// The same, with whether the attempt was encrypted.
    pub fn encrypted(mut self, encrypted: bool) -> Self {
        self.encrypted = encrypted;
        self
    }

    /// Both ways were tried.
    pub fn after(mut self, first: &Self) -> Self {
        if self.cause == NO_TLS {
            return Self { next: Next::Nothing, ..first.clone() };
        }
        if first.cause != self.cause {
            let word = if first.encrypted { "with" } else { "without" };
            self.cause = format!("{}; {word} encryption: {}", self.cause, first.cause);
        }
        if self.next != Next::Host && first.help != self.help && first.encrypted {
            self.help = format!("{}; {}", first.help, self.help);
        }
        self
    }

    /// The diagnostic to show.
    pub fn diagnostic(self, place: &str, target: &Target) -> Box<Diagnostic> {
        let message = format!("no connection to `{place}` as `{}`: {}", target.user(), self.cause);
        Box::new(Diagnostic::new(self.code, message).help(self.help))
    }
}

const NO_TLS: &str = "the server does not offer TLS";
const SOCKET_HELP: &str =
    "is PostgreSQL running there? name its socket directory or host with `-h`, its port with `-p`";
const REFUSED_HELP: &str =
    "is PostgreSQL running there, and does `listen_addresses` include that address? check `-h` and `-p`";
const TIMEOUT_HELP: &str = "check the host and port, and that no firewall drops the packets; see `connect_timeout`";
const PASSWORD_HELP: &str =
    "set `PGPASSWORD`, or add a line to `~/.pgpass` (mode 0600): `host:port:database:user:password`";

/// The cure where `pg_hba.conf` or the role stands in the way.
fn login_help(place: &Place, cause: &str) -> String {
    let help = if cause.contains("pg_hba.conf") {
        "add a line for that user, database and address to `pg_hba.conf`, and reload the server"
    } else if cause.contains("certificate") {
        "name the client's certificate and key: `sslcert=FILE sslkey=FILE`"
    } else if matches!(place.host.kind, HostKind::Socket(_)) && cause.to_lowercase().contains("peer") {
        "`peer` wants the role to be named like the operating system's user: run as that user, or use `-h localhost`"
    } else {
        "check the user (`-U`, `PGUSER`): the role must exist and have `login`"
    };
    help.to_owned()
}

fn certificate(error: &CertificateError) -> (String, &'static str) {
    const ROOT: &str =
        "name the authority's certificate with `sslrootcert=FILE`, or `sslrootcert=system` for public ones";
    const RENEW: &str = "renew the server's certificate, and check the clocks of both machines";
    match error {
        CertificateError::UnknownIssuer => {
            ("the server's certificate comes from an unknown authority".to_owned(), ROOT)
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("the server's certificate has expired".to_owned(), RENEW)
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("the server's certificate is not valid yet".to_owned(), RENEW)
        }
        CertificateError::Revoked => {
            ("the server's certificate has been revoked".to_owned(), "renew the server's certificate")
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<_> = presented.iter().map(|name| format!("`{name}`")).collect();
            let names = if names.is_empty() { "no host".to_owned() } else { names.join(", ") };
            (
                format!("the server's certificate is for {names}, not for this host"),
                "connect by a name the certificate has (`hostaddr` may give the address), or set `sslmode=verify-ca`",
            )
        }
        error => (format!("the server's certificate is not accepted: {error}"), ROOT),
    }
}

fn alert_text(alert: AlertDescription) -> (String, &'static str) {
    use AlertDescription::{
        BadCertificate, CertificateExpired, CertificateRequired, CertificateRevoked, CertificateUnknown, DecryptError,
        UnknownCA, UnsupportedCertificate,
    };
    match alert {
        CertificateRequired => (
            "the server asks for a client certificate".to_owned(),
            "name the client's certificate and key: `sslcert=FILE sslkey=FILE`",
        ),
        BadCertificate
        | CertificateExpired
        | CertificateRevoked
        | CertificateUnknown
        | UnknownCA
        | DecryptError
        | UnsupportedCertificate => (
            format!("the server refused the client's certificate ({alert:?})"),
            "check `sslcert` and `sslkey`: the server's `ssl_ca_file` must know their authority",
        ),
        alert => (
            format!("the server ended the TLS handshake ({alert:?})"),
            "the server's log may say more; see its `ssl_*` settings",
        ),
    }
}

/// The TLS error inside an error, however deep.
fn find_tls(error: &tokio_postgres::Error) -> Option<&rustls::Error> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(tls);
        }
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        source = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// An error of the driver in words, with its cause.
pub(super) fn driver_text(error: &tokio_postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return error.message().to_owned();
    }
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None if error.is_closed() => "the server closed the connection".to_owned(),
        None => error.to_string(),
    }
}
