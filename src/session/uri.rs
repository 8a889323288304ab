//! `postgresql://` connection URIs, as libpq reads them.
//!
//! Where a raw `@` or `/` in a password moves the borders of the parts, libpq goes on and later prints pieces of the
//! password as a host or a port. Here such a URI is refused, and no error repeats any part of it.

use percent_encoding::percent_decode_str;

use super::parameter::{self, Settings};
use super::usage;
use crate::diagnostic::{Diagnostic, Result};

const SCHEMES: [&str; 2] = ["postgresql://", "postgres://"];

/// True for text with the scheme of a connection URI.
pub(super) fn is_uri(text: &str) -> bool {
    SCHEMES.iter().any(|scheme| text.starts_with(scheme))
}

/// The parameters of a URI; see `libpq-connect`, "Connection URIs".
pub(super) fn parse(text: &str) -> Result<Settings> {
    let rest = SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
    let mut settings = Settings::default();
    let user_end = rest.find(['@', '/']).filter(|&at| rest[at..].starts_with('@'));
    let rest = match user_end {
        Some(at) => {
            user(&rest[..at], &mut settings)?;
            &rest[at + 1..]
        }
        None => rest,
    };
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (hosts, name) = place.split_once('/').unwrap_or((place, ""));
    if hosts.contains('@') || name.contains(['@', '/']) {
        return Err(misplaced());
    }
    self::hosts(hosts, &mut settings)?;
    if !name.is_empty() {
        settings.set("dbname", decode(name, "database name")?);
    }
    self::query(query, &mut settings)?;
    Ok(settings)
}

fn misplaced() -> Box<Diagnostic> {
    usage(
        "a part of the connection URI holds an unencoded `@` or `/`",
        "in a user, password or database name write `%40` for `@`, `%2F` for `/`, `%3A` for `:` and `%25` for `%`",
    )
}

fn user(text: &str, settings: &mut Settings) -> Result<()> {
    let (name, password) = text.split_once(':').map_or((text, None), |(name, password)| (name, Some(password)));
    if !name.is_empty() {
        settings.set("user", decode(name, "user")?);
    }
    if let Some(password) = password.filter(|p| !p.is_empty()) {
        settings.set("password", decode(password, "password")?);
    }
    Ok(())
}

fn hosts(text: &str, settings: &mut Settings) -> Result<()> {
    let mut names = Vec::new();
    let mut ports = Vec::new();
    for one in text.split(',') {
        let (name, port) = host(one)?;
        names.push(decode(name, "host")?);
        ports.push(port);
    }
    if names.iter().any(|name| !name.is_empty()) {
        settings.set("host", names.join(","));
    }
    if ports.iter().any(|port| !port.is_empty()) {
        settings.set("port", ports.join(","));
    }
    Ok(())
}

/// Host and port of one `host:port`, an IPv6 address being in brackets.
fn host(text: &str) -> Result<(&str, &str)> {
    let (name, rest) = match text.strip_prefix('[') {
        Some(inner) => inner.split_once(']').filter(|(name, _)| !name.is_empty()).ok_or_else(bad_address)?,
        None => text.find(':').map_or((text, ""), |at| text.split_at(at)),
    };
    let port = if rest.is_empty() { "" } else { rest.strip_prefix(':').ok_or_else(bad_address)? };
    if !port.bytes().all(|b| b.is_ascii_digit()) {
        return Err(usage(
            "the port in the connection URI is not a number",
            "write `host:port`, an IPv6 address as `[::1]:5432`, and `%3A`, `%2F`, `%40` for `:`, `/`, `@` in a password",
        ));
    }
    Ok((name, port))
}

fn bad_address() -> Box<Diagnostic> {
    usage("an IPv6 address in the connection URI is malformed", "write it as `[::1]:5432`")
}

fn query(text: &str, settings: &mut Settings) -> Result<()> {
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let Some((keyword, value)) = pair.split_once('=').filter(|(_, value)| !value.contains('=')) else {
            return Err(usage(
                "a parameter of the connection URI is not `keyword=value`",
                "separate parameters with `&`, and write `%3D` for `=` and `%26` for `&` inside a value",
            ));
        };
        let keyword = decode(keyword, "parameter")?;
        let value = decode(value, "parameter")?;
        match (keyword.as_str(), value.as_str()) {
            ("ssl", "true") => settings.set("sslmode", "require"), // what JDBC calls it; libpq takes it too
            _ => settings.set(known(&keyword, text)?, value),
        }
    }
    Ok(())
}

/// The keyword of libpq. An unknown one is repeated only where it can't be half a password: it looks like a keyword,
/// and no raw `@` follows that may have ended the password.
fn known(keyword: &str, query: &str) -> Result<&'static str> {
    if let Some(parameter) = parameter::find(keyword) {
        return Ok(parameter.keyword);
    }
    let plain = keyword.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
    let message = if plain && !query.contains('@') {
        format!("unknown parameter `{keyword}` in the connection URI")
    } else {
        "unknown parameter in the connection URI".to_owned()
    };
    let help = match parameter::nearest(keyword) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "the parameters are those of libpq; put others into `options`, as `-c name=value`".to_owned(),
    };
    Err(usage(message, help))
}

fn decode(text: &str, what: &str) -> Result<String> {
    let wrong = || {
        usage(
            format!("the {what} in the connection URI is not percent-encoded UTF-8"),
            "write `%25` for a percent sign that stands for itself",
        )
    };
    let mut pieces = text.split('%');
    pieces.next();
    let hex = |piece: &str| piece.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    if !pieces.all(hex) {
        return Err(wrong());
    }
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| wrong())?;
    if decoded.contains('\0') { Err(wrong()) } else { Ok(decoded.into_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_as_libpq_reads_them() {
        for (text, expected) in [
            ("postgresql://", ""),
            ("postgres://localhost", "host=localhost"),
            ("postgresql://localhost:5433/mydb", "host=localhost port=5433 dbname=mydb"),
            ("postgresql://user@localhost", "host=localhost user=user"),
            ("postgresql://user:se%3Acret@localhost", "host=localhost user=user password=se:cret"),
            ("postgresql://u:a:b@h", "host=h user=u password=a:b"),
            ("postgresql://u:a?b@h/d", "host=h dbname=d user=u password=a?b"),
            (
                "postgresql://other@localhost/db?connect_timeout=10&application_name=my%20app",
                "host=localhost dbname=db user=other connect_timeout=10 application_name=my app",
            ),
            (
                "postgresql://h1:123,h2:456/d?target_session_attrs=any",
                "host=h1,h2 port=123,456 dbname=d target_session_attrs=any",
            ),
            ("postgresql://h1:123,h2/d", "host=h1,h2 port=123, dbname=d"),
            ("postgresql://[2001:db8::1234]/database", "host=2001:db8::1234 dbname=database"),
            ("postgresql://[::1]:99", "host=::1 port=99"),
            ("postgresql:///dbname?host=/var/lib/postgresql&port=1", "host=/var/lib/postgresql port=1 dbname=dbname"),
            ("postgresql://%2Fvar%2Flib%2Fpostgresql/dbname", "host=/var/lib/postgresql dbname=dbname"),
            ("postgresql://:5433/x", "port=5433 dbname=x"),
            ("postgres://h/d?ssl=true", "host=h dbname=d sslmode=require"),
            ("postgres://h/d%40x?", "host=h dbname=d@x"),
            ("postgres:///?user=u&password=p%26q", "user=u password=p&q"),
        ] {
            let settings = parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            let shown: Vec<String> = parameter::PARAMETERS
                .iter()
                .filter_map(|p| settings.given(p.keyword).map(|value| format!("{}={value}", p.keyword)))
                .collect();
            assert_eq!(shown.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn mistakes_never_show_a_password() {
        for text in [
            "postgresql://u:hunter2@x@host/db",
            "postgresql://u:hunter2/x@host/db",
            "postgresql://u:22/hunter2@host/db",
            "postgresql://u:hunter2%zz@host/db",
            "postgresql://u:hunter2%0@host/db",
            "postgresql://u:hunter2%ff@host/db",
            "postgresql://host:hunter2/db",
            "postgresql://u@[::1/db",
            "postgresql://u@[::1]x/db",
            "postgresql://h/db?hunter2",
            "postgresql://h/db?password=hunter2=x",
            "postgresql://h/db?hunter2=x",
            "postgresql://u:1/b?hunter=2@h/db",
            "postgresql://h/db?a=b%00",
        ] {
            let error = parse(text).expect_err(text);
            assert!(!format!("{error:?}").contains("hunter"), "{error:?}");
            assert!(error.problem.help.is_some(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_parses_or_fails_without_the_password(before in "[a1/?@:&=%,\\[]{0,5}", after in "[a1/?@:&=%,\\[]{0,5}") {
            let text = format!("postgresql://u:{before}qzqzqz{after}@h/d");
            if let Err(error) = parse(&text) {
                proptest::prop_assert!(!format!("{error:?}").contains("qzqzqz"), "{error:?}");
            }
        }

        #[test]
        fn an_encoded_password_comes_back(password in "[^\0]{1,12}") {
            let encoded = percent_encoding::utf8_percent_encode(&password, percent_encoding::NON_ALPHANUMERIC);
            let settings = parse(&format!("postgres://u:{encoded}@h/d")).expect("it parses");
            proptest::prop_assert_eq!(settings.given("password"), Some(password.as_str()));
        }
    }

    #[test]
    fn near_misses_are_named() {
        let error = parse("postgres://h/d?sslmod=require").expect_err("it fails");
        assert_eq!(error.to_string(), "unknown parameter `sslmod` in the connection URI");
        assert_eq!(error.problem.help.as_deref(), Some("did you mean `sslmode`?"));
    }
}
