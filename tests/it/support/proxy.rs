//! A line to a private server that can be watched request by request, held, cut and frozen, and that can lie.
//!
//! It listens on TCP and leads to the server's Unix socket. A request is what the server answers with `ReadyForQuery`:
//! a `Query` or a `Sync` message. See <https://www.postgresql.org/docs/current/protocol-message-formats.html>.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{sleep, spawn};
use std::time::Duration;

use dbstate::local::Server;

/// The code of a request for TLS, in the place of a protocol version.
const TLS: [u8; 4] = [4, 210, 22, 47];

/// Where in the life of a request the line is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The server has not seen it.
    Before,
    /// The server has had it for so long.
    Within(Duration),
    /// The server has answered, and the client does not know.
    After,
}

/// Changes the values of a row: `None` is null.
pub type Lie = Box<dyn FnMut(&mut Vec<Option<Vec<u8>>>) + Send>;

/// What passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Open,
    Frozen,
    Cut,
}

struct State {
    line: Line,
    /// For each request so far, its text; empty where it is no simple one.
    requests: Vec<String>,
    /// For each statement that was sent apart from its parameters, its text.
    parsed: Vec<String>,
    stop: Option<(usize, Phase)>,
    /// The server's process of the session that is held.
    held: Option<i32>,
    /// The connections that have not ended, each by the address of its client.
    open: HashMap<SocketAddr, (TcpStream, UnixStream)>,
    /// For how long each answer is under way.
    delay: Duration,
    /// Changes the values of a row on its way.
    lie: Option<Lie>,
    /// How many requests came together, each time that the client had every answer before.
    trips: Vec<usize>,
}

struct Shared {
    socket: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
}

/// A proxy; it ends with its process.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

impl Proxy {
    /// One that leads to that server.
    pub fn to(server: &Server) -> Self {
        Self::to_socket(server.socket_directory().join(".s.PGSQL.5432"))
    }

    /// One that leads to that socket.
    pub fn to_socket(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = State {
            line: Line::Open,
            requests: Vec::new(),
            parsed: Vec::new(),
            stop: None,
            held: None,
            open: HashMap::new(),
            delay: Duration::ZERO,
            lie: None,
            trips: Vec::new(),
        };
        let shared = Arc::new(Shared { socket, state: Mutex::new(state), changed: Condvar::new() });
        let one = Arc::clone(&shared);
        spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(address) = client.peer_addr() else { continue };
                let shared = Arc::clone(&one);
                spawn(move || {
                    // A connection that breaks is what this is for.
                    _ = shared.serve(client, address);
                    shared.lock().open.remove(&address);
                });
            }
        });
        Self { port, shared }
    }

    /// The URL of a database by way of it.
    pub fn url(&self, database: &str) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// The texts of the requests since it was opened.
    pub fn requests(&self) -> Vec<String> {
        self.shared.lock().requests.clone()
    }

    /// The texts of the statements that were sent apart from their parameters since it was opened.
    pub fn parsed(&self) -> Vec<String> {
        self.shared.lock().parsed.clone()
    }

    /// Makes it a long line: each answer takes so long.
    pub fn delay(&self, delay: Duration) {
        self.change(|state| state.delay = delay);
    }

    /// Has every row changed on its way to the client; or none any more.
    pub fn lie(&self, lie: Option<Lie>) {
        self.change(|state| state.lie = lie);
    }

    /// How many requests came together in each round trip so far, those of starting a session left out.
    pub fn trips(&self) -> Vec<usize> {
        self.shared.lock().trips.clone()
    }

    /// Opens it anew, to be held at that request, counted from 0.
    pub fn open(&self, stop: Option<(usize, Phase)>) {
        let mut state = self.shared.lock();
        state.line = Line::Open;
        state.requests.clear();
        state.parsed.clear();
        (state.stop, state.held) = (stop, None);
    }

    /// The server's process of the session that is held, once one is.
    pub fn held(&self) -> Option<i32> {
        self.shared.lock().held
    }

    /// Lets what is held go on.
    pub fn release(&self) {
        self.change(|state| state.held = None);
    }

    /// Nothing passes any more, and nobody is told.
    pub fn freeze(&self) {
        self.change(|state| (state.line, state.held) = (Line::Frozen, None));
    }

    /// Ends every connection, and takes no new one.
    pub fn cut(&self) {
        self.change(|state| {
            (state.line, state.held) = (Line::Cut, None);
            for (_, (client, server)) in state.open.drain() {
                _ = client.shutdown(Shutdown::Both);
                _ = server.shutdown(Shutdown::Both);
            }
        });
    }

    fn change(&self, how: impl FnOnce(&mut State)) {
        how(&mut self.shared.lock());
        self.shared.changed.notify_all();
    }
}

/// What both directions of a connection know of it.
#[derive(Default)]
struct Session {
    process: i32,
    requests: usize,
    answers: usize,
    /// The answers that the client has.
    arrived: usize,
    /// The answer before which the line is held.
    hold: Option<usize>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(self: &Arc<Self>, mut client: TcpStream, address: SocketAddr) -> io::Result<()> {
        let mut server = UnixStream::connect(&self.socket)?;
        client.set_nodelay(true)?;
        self.lock().open.insert(address, (client.try_clone()?, server.try_clone()?));
        loop {
            let packet = message(&mut client, 0)?;
            self.pass()?;
            server.write_all(&packet)?;
            if packet.get(4..8) != Some(&TLS) {
                break;
            }
            let mut answer = [0];
            server.read_exact(&mut answer)?;
            self.pass()?;
            client.write_all(&answer)?;
        }
        let session = Arc::new(Mutex::new(Session::default()));
        let (shared, same) = (Arc::clone(self), Arc::clone(&session));
        let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
        spawn(move || {
            _ = shared.answers(&mut from, &mut to, &same);
            _ = to.shutdown(Shutdown::Both);
        });
        let result = self.requests(&mut client, &mut server, &session);
        _ = server.shutdown(Shutdown::Both);
        result
    }

    fn requests(&self, client: &mut TcpStream, server: &mut UnixStream, session: &Mutex<Session>) -> io::Result<()> {
        loop {
            let packet = message(client, 1)?;
            self.pass()?;
            if packet[0] == b'P' {
                self.lock().parsed.push(String::from_utf8_lossy(&packet[5..]).into_owned());
            }
            let phase = if matches!(packet[0], b'Q' | b'S') { self.request(&packet, session) } else { None };
            if phase == Some(Phase::Before) {
                self.hold(session)?;
            }
            server.write_all(&packet)?;
            if let Some(Phase::Within(time)) = phase {
                sleep(time);
                self.hold(session)?;
            }
        }
    }

    /// Counts a request; says where it is held.
    fn request(&self, packet: &[u8], session: &Mutex<Session>) -> Option<Phase> {
        let mut state = self.lock();
        let number = state.requests.len();
        let text = if packet[0] == b'Q' { &packet[5..packet.len() - 1] } else { &[] };
        state.requests.push(String::from_utf8_lossy(text).into_owned());
        let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
        session.requests += 1;
        // The first answer says that the session is up.
        match state.trips.last_mut().filter(|_| session.arrived < session.requests) {
            Some(trip) => *trip += 1,
            None => state.trips.push(1),
        }
        let (_, phase) = state.stop.filter(|(at, _)| *at == number)?;
        if phase == Phase::After {
            session.hold = Some(session.requests);
        }
        Some(phase)
    }

    fn answers(&self, server: &mut UnixStream, client: &mut TcpStream, session: &Mutex<Session>) -> io::Result<()> {
        loop {
            let mut packet = message(server, 1)?;
            if packet[0] == b'D'
                && let Some(lie) = &mut self.lock().lie
            {
                let mut values = values(&packet);
                lie(&mut values);
                packet = row(&values);
            }
            let held = {
                let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
                if packet[0] == b'K' {
                    session.process = i32::from_be_bytes([packet[5], packet[6], packet[7], packet[8]]);
                }
                // The first says that the session is up.
                let held = packet[0] == b'Z' && session.hold == Some(session.answers);
                session.answers += usize::from(packet[0] == b'Z');
                held
            };
            if held {
                self.hold(session)?;
            }
            self.pass()?;
            let delay = self.lock().delay;
            if packet[0] == b'Z' && !delay.is_zero() {
                sleep(delay);
            }
            session.lock().unwrap_or_else(PoisonError::into_inner).arrived += usize::from(packet[0] == b'Z');
            client.write_all(&packet)?;
        }
    }

    /// Waits until the line is let go.
    fn hold(&self, session: &Mutex<Session>) -> io::Result<()> {
        let process = session.lock().unwrap_or_else(PoisonError::into_inner).process;
        let mut state = self.lock();
        state.held = Some(process);
        while state.held.is_some() {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        self.pass()
    }

    /// Waits while the line is frozen; an error once it is cut.
    fn pass(&self) -> io::Result<()> {
        let mut state = self.lock();
        while state.line == Line::Frozen {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.line == Line::Cut { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

/// A message: its type where it has one, its length, and the rest.
fn message(from: &mut impl Read, typed: usize) -> io::Result<Vec<u8>> {
    let mut packet = vec![0; typed + 4];
    from.read_exact(&mut packet)?;
    let length = packet[typed..].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    packet.resize(typed + length.max(4), 0);
    from.read_exact(&mut packet[typed + 4..])?;
    Ok(packet)
}

/// The values of a `DataRow` message.
fn values(packet: &[u8]) -> Vec<Option<Vec<u8>>> {
    let mut rest = packet.get(7..).unwrap_or_default();
    let mut values = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk() {
        // A length of -1 is null, which has no bytes.
        let length = usize::try_from(i32::from_be_bytes(*length)).ok();
        let (value, after) = after.split_at(length.unwrap_or_default());
        values.push(length.map(|_| value.to_vec()));
        rest = after;
    }
    values
}

/// A `DataRow` message with these values.
fn row(values: &[Option<Vec<u8>>]) -> Vec<u8> {
    let mut body = u16::try_from(values.len()).expect("columns").to_be_bytes().to_vec();
    for value in values {
        let length = value.as_ref().map_or(-1, |value| i32::try_from(value.len()).expect("a length"));
        body.extend(length.to_be_bytes());
        body.extend(value.iter().flatten());
    }
    let length = u32::try_from(body.len() + 4).expect("a length");
    [&b"D"[..], &length.to_be_bytes(), &body].concat()
}
