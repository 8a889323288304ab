//! The line to a server: a TCP or Unix socket, up to the point where TLS or the start-up message begins.

use std::io;
use std::net::IpAddr;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream, lookup_host};

use super::failure::{Failure, Next};
use super::place::HostKind;
use super::{Host, Keepalives, Place};

/// Reads and writes bytes.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A line of either kind.
pub(super) type Wire = Box<dyn Duplex>;

/// The places of one host: its socket, or every address of its name in the resolver's order.
pub(super) async fn places(host: &Host) -> Result<Vec<Place>, Failure> {
    let place = |address| Place { host: host.clone(), address };
    let HostKind::Tcp { name, address } = &host.kind else { return Ok(vec![place(None)]) };
    if let Some(address) = address {
        return Ok(vec![place(Some(*address))]);
    }
    let found = lookup_host((name.as_str(), host.port)).await.map_err(|error| Failure::of_lookup(&error))?;
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in found {
        if !addresses.contains(&address.ip()) {
            addresses.push(address.ip());
        }
    }
    if addresses.is_empty() {
        return Err(Failure::of_lookup(&io::Error::from(io::ErrorKind::NotFound)));
    }
    Ok(addresses.into_iter().map(|address| place(Some(address))).collect())
}

/// Opens the line to a place.
pub(super) async fn open(place: &Place, keepalives: Keepalives) -> Result<Wire, Failure> {
    let failed = |error| Failure::of_socket(&error, place);
    if let Some(path) = place.socket() {
        return Ok(Box::new(UnixStream::connect(path).await.map_err(failed)?));
    }
    let Some(address) = place.address else {
        return Err(Failure::new(Next::Host, "the host has no address", "name one with `-h`"));
    };
    let stream = TcpStream::connect((address, place.host.port)).await.map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    keep_alive(&stream, keepalives).map_err(failed)?;
    Ok(Box::new(stream))
}

fn keep_alive(stream: &TcpStream, keepalives: Keepalives) -> io::Result<()> {
    let socket = SockRef::from(stream);
    #[cfg(target_os = "linux")]
    if let Some(timeout) = keepalives.user_timeout {
        socket.set_tcp_user_timeout(Some(timeout))?;
    }
    if !keepalives.on {
        return Ok(());
    }
    let wanted = TcpKeepalive::new().with_time(keepalives.idle).with_interval(keepalives.interval);
    socket.set_keepalive(true)?;
    socket.set_tcp_keepalive(&wanted.with_retries(keepalives.count))
}

/// Asks whether the server will speak TLS; see `protocol-flow`, "SSL Session Encryption".
pub(super) async fn offers_tls(wire: &mut Wire) -> Result<bool, Failure> {
    const REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
    let ended = |error: io::Error| {
        let help = "is that a PostgreSQL server? its log may say more";
        Failure::new(Next::OtherWay, format!("the server did not answer the request for TLS ({error})"), help)
    };
    wire.write_all(&REQUEST).await.map_err(ended)?;
    wire.flush().await.map_err(ended)?;
    match wire.read_u8().await.map_err(ended)? {
        b'S' => Ok(true),
        b'N' => Ok(false),
        // An error message here is not authenticated, so it is not shown (CVE-2024-10977).
        b'E' => Err(Failure::new(
            Next::OtherWay,
            "the server answered the request for TLS with an error",
            "it may have too many sessions, or be out of resources: its log says more",
        )),
        _ => Err(Failure::new(
            Next::Nothing,
            "what answers there is not PostgreSQL",
            "check the host and port: another program listens on them",
        )),
    }
}
