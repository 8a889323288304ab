//! From parameters as text to a typed [`Target`]: every value is checked here, and defaults are filled in.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::parameter::{Settings, closest};
use super::passfile::{Passfile, SOCKET_DIRECTORIES};
use super::place::HostKind;
use super::target::{SslFile, SslRoot};
use super::{ChannelBinding, Host, Keepalives, SessionAttributes, SslMode, SslNegotiation, SslSettings, Target, usage};
use crate::diagnostic::Result;

const PORT: u16 = 5432;

/// The target that the settings describe; `home` is where default files lie.
pub(super) fn target(
    given: &Settings,
    home: Option<&Path>,
    passfile: Arc<Passfile>,
    mut warnings: Vec<String>,
) -> Result<Target> {
    let user = user(given)?;
    let ssl = ssl(given, home, &mut warnings)?;
    let name = given.get("application_name").or_else(|| given.get("fallback_application_name"));
    Ok(Target {
        hosts: hosts(given)?,
        dbname: given.get("dbname").unwrap_or(&user).to_owned(),
        user,
        password: given.get("password").map(|password| SecretString::from(password.to_owned())),
        passfile,
        ssl,
        channel_binding: choice(given, "channel_binding", BINDINGS)?.unwrap_or(ChannelBinding::Prefer),
        connect_timeout: number(given, "connect_timeout")?.and_then(timeout),
        options: given.get("options").map(str::to_owned),
        application_name: name.unwrap_or("dbstate").to_owned(),
        keepalives: keepalives(given)?,
        session_attributes: choice(given, "target_session_attrs", ATTRIBUTES)?.unwrap_or(SessionAttributes::Any),
        maker: "createdb",
        random_order: choice(given, "load_balance_hosts", &[("disable", false), ("random", true)])?.unwrap_or(false),
        warnings,
    })
}

type Choices<T> = &'static [(&'static str, T)];

const MODES: Choices<SslMode> = &[
    ("disable", SslMode::Disable),
    ("allow", SslMode::Allow),
    ("prefer", SslMode::Prefer),
    ("require", SslMode::Require),
    ("verify-ca", SslMode::VerifyCa),
    ("verify-full", SslMode::VerifyFull),
];
const NEGOTIATIONS: Choices<SslNegotiation> =
    &[("postgres", SslNegotiation::Postgres), ("direct", SslNegotiation::Direct)];
const BINDINGS: Choices<ChannelBinding> =
    &[("disable", ChannelBinding::Disable), ("prefer", ChannelBinding::Prefer), ("require", ChannelBinding::Require)];
const ATTRIBUTES: Choices<SessionAttributes> = &[
    ("any", SessionAttributes::Any),
    ("read-write", SessionAttributes::ReadWrite),
    ("read-only", SessionAttributes::ReadOnly),
    ("primary", SessionAttributes::Primary),
    ("standby", SessionAttributes::Standby),
    ("prefer-standby", SessionAttributes::PreferStandby),
];
const PROTOCOLS: Choices<u8> = &[("TLSv1", 10), ("TLSv1.1", 11), ("TLSv1.2", 12), ("TLSv1.3", 13)];
const SWITCH: Choices<bool> = &[("0", false), ("1", true)];

/// A value that must be one of a few words.
fn choice<T: Copy>(given: &Settings, keyword: &str, choices: Choices<T>) -> Result<Option<T>> {
    let Some(value) = given.get(keyword) else { return Ok(None) };
    if let Some((_, meaning)) = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(value)) {
        return Ok(Some(*meaning));
    }
    let words: Vec<_> = choices.iter().map(|(word, _)| format!("`{word}`")).collect();
    let near = closest(value, choices.iter().map(|(word, _)| *word));
    let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    let message = format!("connection parameter `{keyword}` can't be `{value}`");
    Err(usage(message, format!("{near}it is one of {}", words.join(", "))))
}

/// A value that must be a whole number; libpq takes negative ones too.
fn number(given: &Settings, keyword: &str) -> Result<Option<i32>> {
    let Some(value) = given.get(keyword) else { return Ok(None) };
    value.trim().parse().map(Some).map_err(|_| {
        usage(format!("connection parameter `{keyword}` can't be `{value}`"), "it is a whole number, without a unit")
    })
}

/// A count of seconds, where 0 and less mean none, and 1 means 2.
fn timeout(seconds: i32) -> Option<Duration> {
    u64::try_from(seconds).ok().filter(|&s| s > 0).map(|s| Duration::from_secs(s.max(2)))
}

fn seconds(given: &Settings, keyword: &str) -> Result<Option<Duration>> {
    let value = number(given, keyword)?.and_then(|n| u64::try_from(n).ok());
    Ok(value.filter(|&n| n > 0).map(Duration::from_secs))
}

fn keepalives(given: &Settings) -> Result<Keepalives> {
    let user_timeout = number(given, "tcp_user_timeout")?.and_then(|n| u64::try_from(n).ok());
    Ok(Keepalives {
        on: number(given, "keepalives")?.is_none_or(|n| n != 0),
        idle: seconds(given, "keepalives_idle")?.unwrap_or(Duration::from_mins(1)),
        interval: seconds(given, "keepalives_interval")?.unwrap_or(Duration::from_secs(10)),
        count: number(given, "keepalives_count")?.and_then(|n| u32::try_from(n).ok()).filter(|&n| n > 0).unwrap_or(6),
        user_timeout: user_timeout.filter(|&n| n > 0).map(Duration::from_millis),
    })
}

fn user(given: &Settings) -> Result<String> {
    if let Some(user) = given.get("user") {
        return Ok(user.to_owned());
    }
    whoami::username().map_err(|error| {
        usage(format!("the operating system's user has no name: {error}"), "name the role with `-U` or `PGUSER`")
    })
}

/// The hosts of `host`, `hostaddr` and `port`, which go together by position.
fn hosts(given: &Settings) -> Result<Vec<Host>> {
    let list = |keyword: &str| given.get(keyword).map(|text| text.split(',').map(str::trim).collect::<Vec<_>>());
    let (names, addresses) = (list("host"), list("hostaddr"));
    let count = names.as_ref().or(addresses.as_ref()).map_or(1, Vec::len);
    if let (Some(names), Some(addresses)) = (&names, &addresses)
        && names.len() != addresses.len()
    {
        let message = format!("{} in `host`, but {} in `hostaddr`", names.len(), addresses.len());
        return Err(usage(message, "give one `hostaddr` a host, or leave `hostaddr` out"));
    }
    let ports = ports(list("port").unwrap_or_default(), count)?;
    let mut hosts = Vec::new();
    for (i, port) in ports.into_iter().enumerate() {
        let at = |list: &Option<Vec<&str>>| list.as_ref().map_or("", |list| list[i]).to_owned();
        add_host(&at(&names), &at(&addresses), port, &mut hosts)?;
    }
    Ok(hosts)
}

fn ports(list: Vec<&str>, count: usize) -> Result<Vec<u16>> {
    if list.len() > 1 && list.len() != count {
        return Err(usage(
            format!("{} ports for {count} hosts", list.len()),
            "give one port for all hosts, or one for each",
        ));
    }
    let one =
        |text: &str| match text {
            "" => Ok(PORT),
            text => text.parse().ok().filter(|&port| port > 0).ok_or_else(|| {
                usage("a port is out of range or not a number", "a port is a whole number from 1 to 65535")
            }),
        };
    let ports = list.into_iter().map(one).collect::<Result<Vec<u16>>>()?;
    Ok(match ports.as_slice() {
        [] => vec![PORT; count],
        [port] => vec![*port; count],
        _ => ports,
    })
}

/// Adds a host; one with neither name nor address stands for the default sockets, then `localhost`.
fn add_host(name: &str, address: &str, port: u16, hosts: &mut Vec<Host>) -> Result<()> {
    let mut add = |kind| hosts.push(Host { kind, port });
    if !address.is_empty() {
        let parsed: IpAddr = address.parse().map_err(|_| {
            usage(format!("`hostaddr` can't be `{address}`"), "it is a numeric address; a name goes into `host`")
        })?;
        add(HostKind::Tcp { name: name.to_owned(), address: Some(parsed) });
    } else if name.is_empty() {
        for dir in SOCKET_DIRECTORIES {
            add(HostKind::Socket(PathBuf::from(dir)));
        }
        add(HostKind::Tcp { name: "localhost".to_owned(), address: None });
    } else if name.starts_with('/') {
        add(HostKind::Socket(PathBuf::from(name)));
    } else if name.contains(['@', '/', ' ']) {
        // Most likely a piece of a password, so it is not repeated.
        return Err(usage(
            "a host holds `@`, `/` or a blank",
            "in a URI, write `%40` for `@` and `%2F` for `/` in a password; abstract sockets are not supported",
        ));
    } else {
        add(HostKind::Tcp { name: name.to_owned(), address: None });
    }
    Ok(())
}

fn ssl(given: &Settings, home: Option<&Path>, warnings: &mut Vec<String>) -> Result<SslSettings> {
    let root = root(given, home, warnings);
    let mode = ssl_mode(given, root.as_ref())?;
    let negotiation = choice(given, "sslnegotiation", NEGOTIATIONS)?.unwrap_or(SslNegotiation::Postgres);
    if negotiation == SslNegotiation::Direct && mode < SslMode::Require {
        return Err(usage("`sslnegotiation=direct` needs a stronger `sslmode`", "set `sslmode=require` or stronger"));
    }
    let oldest = choice(given, "ssl_min_protocol_version", PROTOCOLS)?.unwrap_or(12);
    let newest = choice(given, "ssl_max_protocol_version", PROTOCOLS)?.unwrap_or(13);
    if newest < 12 || oldest > newest {
        return Err(usage(
            "`ssl_min_protocol_version` and `ssl_max_protocol_version` leave no version",
            "dbstate speaks TLSv1.2 and TLSv1.3",
        ));
    }
    let send_cert = given.get("sslcertmode") != Some("disable");
    let file = |keyword, default| file(given, home, keyword, default);
    Ok(SslSettings {
        mode,
        negotiation,
        cert: file("sslcert", "postgresql.crt").filter(|_| send_cert),
        key: file("sslkey", "postgresql.key"),
        root,
        crl: file("sslcrl", "root.crl"),
        sni: choice(given, "sslsni", SWITCH)?.unwrap_or(true),
        only_tls13: oldest == 13,
        only_tls12: newest == 12,
    })
}

/// The mode, which `requiressl` (of old) and `sslrootcert=system` have a say in.
fn ssl_mode(given: &Settings, root: Option<&SslRoot>) -> Result<SslMode> {
    let mode = choice(given, "sslmode", MODES)?;
    let system = root == Some(&SslRoot::System);
    if system && mode.is_some_and(|mode| mode != SslMode::VerifyFull) {
        return Err(usage("`sslrootcert=system` needs `sslmode=verify-full`", "set that, or leave `sslmode` out"));
    }
    let require = given.get("requiressl").is_some_and(|value| value.starts_with('1'));
    let default = match (system, require) {
        (true, _) => SslMode::VerifyFull,
        (false, true) => SslMode::Require,
        (false, false) => SslMode::Prefer,
    };
    Ok(mode.unwrap_or(default))
}

fn file(given: &Settings, home: Option<&Path>, keyword: &str, default: &str) -> Option<SslFile> {
    match given.get(keyword) {
        Some(path) => Some(SslFile { path: PathBuf::from(path), explicit: true }),
        None => Some(SslFile { path: home?.join(".postgresql").join(default), explicit: false }),
    }
}

fn root(given: &Settings, home: Option<&Path>, warnings: &mut Vec<String>) -> Option<SslRoot> {
    if given.get("sslrootcert") == Some("system") {
        return Some(SslRoot::System);
    }
    let file = file(given, home, "sslrootcert", "root.crt")?;
    let weak = !given.get("sslmode").is_some_and(|mode| mode.starts_with("verify") || mode == "disable");
    if file.explicit && weak && !file.path.exists() {
        let path = file.path.display();
        warnings.push(format!("`sslrootcert` file `{path}` does not exist, so that the server is not checked"));
    }
    Some(SslRoot::File(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_print_and_parse_back() {
        for (text, expected) in [
            ("postgres://u:x@h/d", "postgresql://u@h:5432/d"),
            ("postgres://u@[::1]:7/d", "postgresql://u@[::1]:7/d"),
            ("hostaddr=::1 user=u dbname=d", "postgresql://u@[::1]:5432/d"),
            ("host=h hostaddr=10.0.0.1 user=u dbname=d", "postgresql://u@h:5432/d"),
            ("host=a,b port=1,2 user=u dbname=d", "postgresql://u@a:1,b:2/d"),
            ("host=a,b port=1 user=u dbname=d", "postgresql://u@a:1,b:1/d"),
            ("host=a,b port=,2 user=u dbname=d", "postgresql://u@a:5432,b:2/d"),
            ("host=/run/pg user='a b' dbname=d/e@", "postgresql://a%20b@/d%2Fe%40?host=/run/pg&port=5432"),
            ("host=/run/pg,h user=u dbname=d port=9", "postgresql://u@/d?host=/run/pg,h&port=9,9"),
            ("user=u", "postgresql://u@/u?host=/var/run/postgresql,/tmp,localhost&port=5432,5432,5432"),
            ("host=,x user=u port=1", "postgresql://u@/u?host=/var/run/postgresql,/tmp,localhost,x&port=1,1,1,1"),
        ] {
            let shown = Target::parse(text).unwrap_or_else(|e| panic!("{text}: {e}")).to_string();
            assert_eq!(shown, expected, "{text}");
            assert_eq!(Target::parse(&shown).expect("it parses back").to_string(), shown);
        }
    }

    #[test]
    fn wrong_values() {
        for (text, message) in [
            ("port=0", "a port is out of range or not a number"),
            ("port=65536", "a port is out of range or not a number"),
            ("host=a port=1,2", "2 ports for 1 hosts"),
            ("host=a,b hostaddr=::1", "2 in `host`, but 1 in `hostaddr`"),
            ("hostaddr=localhost", "`hostaddr` can't be `localhost`"),
            ("user='a\0b'", "connection parameter `user` holds a NUL character"),
            ("host=x@y", "a host holds `@`, `/` or a blank"),
            ("sslmode=verifyfull", "connection parameter `sslmode` can't be `verifyfull`"),
            ("sslmode=require sslrootcert=system", "`sslrootcert=system` needs `sslmode=verify-full`"),
            ("sslnegotiation=direct", "`sslnegotiation=direct` needs a stronger `sslmode`"),
            ("connect_timeout=5s", "connection parameter `connect_timeout` can't be `5s`"),
            ("target_session_attrs=readwrite", "connection parameter `target_session_attrs` can't be `readwrite`"),
            (
                "ssl_max_protocol_version=TLSv1.1",
                "`ssl_min_protocol_version` and `ssl_max_protocol_version` leave no version",
            ),
        ] {
            let error = Target::parse(text).expect_err(text);
            assert_eq!(error.to_string(), message, "{text}");
            assert!(error.problem.help.is_some());
        }
    }

    #[test]
    fn typed_values() {
        let target = Target::parse(
            "user=u connect_timeout=1 keepalives=0 keepalives_idle=9 keepalives_count=3 tcp_user_timeout=1500 \
             target_session_attrs=prefer-standby load_balance_hosts=random channel_binding=require sslrootcert=system",
        )
        .expect("it parses");
        assert_eq!(target.connect_timeout(), Some(Duration::from_secs(2)));
        assert!(!target.keepalives().on && target.random_order());
        assert_eq!(target.keepalives().user_timeout, Some(Duration::from_millis(1500)));
        assert_eq!(target.session_attributes(), SessionAttributes::PreferStandby);
        assert_eq!(target.channel_binding(), ChannelBinding::Require);
        assert_eq!((target.ssl().mode, target.ssl().root.clone()), (SslMode::VerifyFull, Some(SslRoot::System)));
        assert_eq!(Target::parse("connect_timeout=0").expect("it parses").connect_timeout(), None);
    }
}
