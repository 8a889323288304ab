//! From a [`Target`] to a [`Session`]: hosts in order, each encrypted or not by the rules of its `sslmode`.

use std::hash::{BuildHasher, Hasher, RandomState};

use secrecy::ExposeSecret;
use tokio_postgres::config::{ChannelBinding as DriverBinding, SslMode as DriverMode, SslNegotiation as DriverStart};
use tokio_postgres::{Config, NoTls};

use super::failure::{Failure, Next};
use super::opened::{Line, Opened};
use super::pulse::Pulse;
use super::socket::{self, Wire};
use super::{Canceller, ChannelBinding, Host, Place, Session, SessionAttributes, SslMode, SslNegotiation, Target, tls};
use crate::diagnostic::{Code, Diagnostic, Result};

/// A session with the first host that takes us. `startup` are server settings for the whole session, such as
/// `("lock_timeout", "5s")`; they are sent with the first message and cost no round trip.
///
/// As in libpq, the next host is tried when one does not answer, is starting up, or is not what
/// `target_session_attrs` asks for; a refused login ends the search. Errors are of class `connection`, for a server
/// that is too old of class `version`; they name every place tried and never a password. See `libpq-connect`.
pub async fn connect(target: &Target, startup: &[(&str, &str)]) -> Result<Session> {
    let mut tried = Tried::default();
    let wishes: &[SessionAttributes] = match target.session_attributes {
        SessionAttributes::PreferStandby => &[SessionAttributes::Standby, SessionAttributes::Any],
        ref one => std::slice::from_ref(one),
    };
    for wish in wishes {
        for host in &in_order(target.hosts.clone(), target.random_order) {
            let places = match within(target, socket::places(host)).await {
                Ok(places) => in_order(places, target.random_order),
                Err(failure) => {
                    tried.add(&Place { host: host.clone(), address: None }, failure);
                    continue;
                }
            };
            for place in places {
                match at(target, &place, startup, *wish).await {
                    Ok(session) => return Ok(session),
                    Err(failure) if failure.next == Next::Host => tried.add(&place, failure),
                    Err(failure) => return Err(failure.diagnostic(&place.to_string(), target)),
                }
            }
        }
    }
    Err(tried.diagnostic(target))
}

/// A cancel request over a line of its own.
pub(super) async fn cancel(canceller: &Canceller) -> Result<()> {
    let Canceller { token, place, encrypted, target } = canceller;
    let request = async {
        let failed = |error: tokio_postgres::Error| Failure::of_driver(&error, place, target);
        let mut wire = socket::open(place, target.keepalives).await?;
        if !encrypted {
            return token.cancel_query_raw(wire, NoTls).await.map_err(failed);
        }
        if target.ssl.negotiation == SslNegotiation::Postgres && !socket::offers_tls(&mut wire).await? {
            return Err(Failure::no_tls());
        }
        let tls = tls::prepare(&target.ssl, place)?;
        token.cancel_query_raw(wire, tls.connector()).await.map_err(failed)
    };
    within(target, request).await.map_err(|failure| failure.diagnostic(&place.to_string(), target))
}

/// Hosts or addresses in the order to try them.
fn in_order<T>(mut items: Vec<T>, random: bool) -> Vec<T> {
    if random {
        // Every `RandomState` has keys of its own, which is chance enough to spread load.
        items.sort_by_cached_key(|_| RandomState::new().build_hasher().finish());
    }
    items
}

async fn within<T>(target: &Target, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    match target.connect_timeout.or(target.keepalives.patience()) {
        Some(limit) => tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(Failure::of_timeout(limit))),
        None => work.await,
    }
}

/// Whether an attempt is encrypted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Plain,
    IfOffered,
    Encrypted,
}

/// What to try, in order; see `libpq-ssl`, "SSL Mode Descriptions". Unix sockets are never encrypted.
fn ways(mode: SslMode, place: &Place) -> &'static [Way] {
    match mode {
        _ if place.socket().is_some() => &[Way::Plain],
        SslMode::Disable => &[Way::Plain],
        SslMode::Allow => &[Way::Plain, Way::Encrypted],
        SslMode::Prefer => &[Way::IfOffered, Way::Plain],
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[Way::Encrypted],
    }
}

/// A session at one place.
async fn at(
    target: &Target,
    place: &Place,
    startup: &[(&str, &str)],
    wish: SessionAttributes,
) -> Result<Session, Failure> {
    let mut before: Option<Failure> = None;
    for way in ways(target.ssl.mode, place) {
        if before.as_ref().is_some_and(|failure| failure.encrypted == (*way != Way::Plain)) {
            break;
        }
        let failure = match within(target, attempt(target, place, startup, *way)).await {
            Ok(opened) => return opened.check(wish),
            Err(failure) => failure,
        };
        let failure = match &before {
            Some(first) => failure.after(first),
            None => failure,
        };
        if failure.next != Next::OtherWay {
            return Err(failure);
        }
        before = Some(failure);
    }
    Err(before.unwrap_or_else(|| Failure::new(Next::Nothing, "there is no way to connect", "check `sslmode`")))
}

/// One attempt in one way.
async fn attempt(target: &Target, place: &Place, startup: &[(&str, &str)], way: Way) -> Result<Opened, Failure> {
    let tls = if way == Way::Plain { None } else { Some(tls::prepare(&target.ssl, place)?) };
    let (pulse, mut wire) = Pulse::of(socket::open(place, target.keepalives).await?);
    let mut config = config(target, &place.host, startup);
    let line = Line { target, place, pulse };
    let Some(tls) = tls else { return plain(line, &config, wire).await };
    if target.ssl.negotiation == SslNegotiation::Postgres {
        let offered = socket::offers_tls(&mut wire).await.map_err(|failure| failure.encrypted(true))?;
        match way {
            Way::Plain | Way::IfOffered if !offered => return plain(line, &config, wire).await,
            Way::Encrypted if !offered => return Err(Failure::no_tls().encrypted(true)),
            Way::Plain | Way::IfOffered | Way::Encrypted => {}
        }
    }
    // We have asked already, or must not ask: for the driver, TLS begins at once.
    config.ssl_mode(DriverMode::Require).ssl_negotiation(DriverStart::Direct);
    let opened = config.connect_raw(wire, tls.connector()).await;
    let (client, connection) = opened.map_err(|error| {
        let failure = Failure::of_driver(&error, place, target).encrypted(true);
        let at_once = target.ssl.negotiation == SslNegotiation::Direct && error.as_db_error().is_none();
        if at_once { failure.of_direct() } else { failure }
    })?;
    Ok(Opened::new(client, connection, line, true))
}

async fn plain(line: Line<'_>, config: &Config, wire: Wire) -> Result<Opened, Failure> {
    let opened = config.connect_raw(wire, NoTls).await;
    let (client, connection) = opened.map_err(|error| Failure::of_driver(&error, line.place, line.target))?;
    Ok(Opened::new(client, connection, line, false))
}

fn config(target: &Target, host: &Host, startup: &[(&str, &str)]) -> Config {
    let mut config = Config::new();
    config.user(&target.user).dbname(&target.dbname).application_name(&target.application_name);
    config.ssl_mode(DriverMode::Disable).channel_binding(match target.channel_binding {
        ChannelBinding::Disable => DriverBinding::Disable,
        ChannelBinding::Prefer => DriverBinding::Prefer,
        ChannelBinding::Require => DriverBinding::Require,
    });
    if let Some(password) = target.password(host) {
        config.password(password.expose_secret());
    }
    let options = options(target.options.as_deref(), startup);
    if !options.is_empty() {
        config.options(options);
    }
    config
}

/// The user's options, then ours, which win.
fn options(given: Option<&str>, startup: &[(&str, &str)]) -> String {
    let escape = |value: &str| {
        value.chars().fold(String::new(), |mut text, c| {
            if c.is_ascii_whitespace() || c == '\\' || c == '\x0b' {
                text.push('\\');
            }
            text.push(c);
            text
        })
    };
    let ours = startup.iter().map(|(name, value)| format!("-c {}={}", escape(name), escape(value)));
    given.map(str::to_owned).into_iter().chain(ours).collect::<Vec<_>>().join(" ")
}

/// The places that were tried in vain.
#[derive(Default)]
struct Tried(Vec<(String, Failure)>);

impl Tried {
    fn add(&mut self, place: &Place, failure: Failure) {
        let entry = (place.to_string(), failure);
        if !self.0.contains(&entry) {
            self.0.push(entry);
        }
    }

    fn diagnostic(mut self, target: &Target) -> Box<Diagnostic> {
        if self.0.len() == 1 {
            let (place, failure) = self.0.remove(0);
            return failure.diagnostic(&place, target);
        }
        let all: Vec<_> = self.0.iter().map(|(place, failure)| format!("`{place}`: {}", failure.cause)).collect();
        let help = self.0.pop().map_or_else(String::new, |(_, failure)| failure.help);
        let message = format!("no connection as `{}`, tried {}", target.user, all.join("; "));
        Box::new(Diagnostic::new(Code::Connection, message).help(help))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn startup_settings_are_escaped() {
        for (given, startup, expected) in [
            (None, vec![], ""),
            (None, vec![("a", "b")], "-c a=b"),
            (
                Some("-c x=1"),
                vec![("search_path", ""), ("a.b", "c d\\e\tf")],
                "-c x=1 -c search_path= -c a.b=c\\ d\\\\e\\\tf",
            ),
        ] {
            assert_eq!(options(given, &startup), expected);
        }
    }

    #[test]
    fn every_host_is_named() {
        let target = Target::parse("host=a,b user=u").expect("it parses");
        let mut tried = Tried::default();
        for host in target.hosts().iter().chain(&target.hosts()[..1]) {
            let failure = Failure::new(Next::Host, "connection refused", "try");
            tried.add(&Place { host: host.clone(), address: None }, failure);
        }
        assert_eq!(
            tried.diagnostic(&target).to_string(),
            "no connection as `u`, tried `a:5432`: connection refused; `b:5432`: connection refused"
        );
    }
}
