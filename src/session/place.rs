//! Hosts as the user names them, and the places they turn out to be.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

/// One host of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Where it is.
    pub kind: HostKind,
    /// Its port, also the number in a socket's file name.
    pub port: u16,
}

/// The way to a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostKind {
    /// A directory that holds a Unix socket.
    Socket(PathBuf),
    /// A name or address, looked up when connecting unless `address` is given.
    Tcp {
        /// The name that certificates are checked against; empty where only `hostaddr` was given.
        name: String,
        /// The address, from `hostaddr`.
        address: Option<IpAddr>,
    },
}

/// A place that was tried: a socket's path, or a host with its port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The host as the user gave it.
    pub host: Host,
    /// The address it was looked up to.
    pub address: Option<IpAddr>,
}

impl Place {
    /// The path of the socket, for a place that is one.
    pub fn socket(&self) -> Option<PathBuf> {
        match &self.host.kind {
            HostKind::Socket(dir) => Some(dir.join(format!(".s.PGSQL.{}", self.host.port))),
            HostKind::Tcp { .. } => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host.kind {
            HostKind::Socket(dir) => write!(f, "{}/.s.PGSQL.{}", dir.display(), self.host.port),
            HostKind::Tcp { .. } => f.write_str(&self.host.shown()),
        }
    }
}

impl Host {
    /// `name:port`, IPv6 in brackets, or the socket's directory.
    pub(super) fn shown(&self) -> String {
        match &self.kind {
            HostKind::Socket(dir) => dir.display().to_string(),
            HostKind::Tcp { name, address } => {
                let name = match (name.is_empty(), address) {
                    (true, Some(address)) => Cow::Owned(address.to_string()),
                    _ => Cow::Borrowed(name.as_str()),
                };
                if name.contains(':') { format!("[{name}]:{}", self.port) } else { format!("{name}:{}", self.port) }
            }
        }
    }
}
