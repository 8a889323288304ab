//! `key=value` connection strings, as libpq reads them.
//!
//! Values are bare, ended by blanks, or between single quotes; a backslash takes the next character as it is. No error
//! repeats a piece of the text that may belong to a password.

use super::parameter::{self, Settings};
use super::{uri, usage};
use crate::diagnostic::{Diagnostic, Result};

/// The parameters of a connection string: a URI or `key=value` pairs; see `libpq-connect`, "Connection Strings".
pub(super) fn parse(text: &str) -> Result<Settings> {
    if uri::is_uri(text) {
        return uri::parse(text);
    }
    let before = text.split('=').next().unwrap_or(text);
    if before.contains("://") || before.contains('@') {
        return Err(usage(
            "a connection URI starts with `postgresql://` or `postgres://`",
            "write `postgresql://user@host:port/database`, or `host=… port=… dbname=… user=…`",
        ));
    }
    pairs(text)
}

/// True where `psql -d` would take the text as a connection string, not as a database's name. Text that was meant as
/// one, such as `mysql://…`, counts, so that [`parse`] can say what is wrong.
pub(super) fn is_conninfo(text: &str) -> bool {
    text.contains('=') || text.contains("://") || (text.contains('@') && text.contains(':'))
}

fn pairs(text: &str) -> Result<Settings> {
    let mut settings = Settings::default();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let secret = settings.given("password").is_some();
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let keyword = &rest[..end];
        let Some(value) = rest[end..].trim_start().strip_prefix('=') else {
            return Err(missing_equals(keyword, secret));
        };
        let parameter = parameter::find(keyword).ok_or_else(|| unknown(keyword, secret))?;
        let (value, after) = value_of(value.trim_start(), parameter.keyword)?;
        settings.set(parameter.keyword, value);
        rest = after.trim_start();
    }
    Ok(settings)
}

/// One value, and the text after it.
fn value_of<'a>(text: &'a str, keyword: &str) -> Result<(String, &'a str)> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut chars = text.char_indices();
    if quoted {
        chars.next();
    }
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, next)| next)),
            '\'' if quoted => return Ok((value, &text[at + 1..])),
            c if c.is_whitespace() && !quoted => return Ok((value, &text[at..])),
            c => value.push(c),
        }
    }
    if quoted {
        let message = format!("the quoted value of `{keyword}` has no end in the connection string");
        return Err(usage(message, "close it with `'`; inside, write `\\'` for a quote and `\\\\` for a backslash"));
    }
    Ok((value, ""))
}

fn missing_equals(keyword: &str, secret: bool) -> Box<Diagnostic> {
    if secret {
        return after_password();
    }
    usage(
        format!("`{keyword}` has no `=` after it in the connection string"),
        "write `keyword=value`; a value with blanks stands between single quotes",
    )
}

fn unknown(keyword: &str, secret: bool) -> Box<Diagnostic> {
    let near = parameter::nearest(keyword);
    match near {
        None if secret => after_password(),
        None => usage(
            format!("unknown connection parameter `{keyword}`"),
            "the parameters are those of libpq: `host`, `port`, `dbname`, `user`, `sslmode` and so on",
        ),
        Some(near) if secret => usage("unknown connection parameter", format!("did you mean `{near}`?")),
        Some(near) => usage(format!("unknown connection parameter `{keyword}`"), format!("did you mean `{near}`?")),
    }
}

/// What follows a password may be the rest of it, so it is not repeated.
fn after_password() -> Box<Diagnostic> {
    usage(
        "text after `password` in the connection string is not a parameter",
        "a password with blanks, quotes or backslashes stands between single quotes: `password='it\\'s secret'`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_as_libpq_reads_them() {
        for (text, keyword, value) in [
            ("host=a port=1", "port", "1"),
            ("  host = a   port= 1 ", "host", "a"),
            ("password='it\\'s \\\\ x' user=u", "password", "it's \\ x"),
            ("password=it\\ is user=u", "password", "it is"),
            ("user=u password=''", "password", ""),
            ("host='' user=u", "user", "u"),
            ("user=a user=b", "user", "b"),
            ("options='-c a=b'", "options", "-c a=b"),
            ("user=ünï dbname=x", "user", "ünï"),
            ("dbname='a'user=u", "user", "u"),
        ] {
            let settings = parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(settings.given(keyword), Some(value), "{text}");
        }
    }

    #[test]
    fn mistakes() {
        for (text, message) in [
            ("host", "`host` has no `=` after it in the connection string"),
            ("hots=a", "unknown connection parameter `hots`"),
            ("user='a", "the quoted value of `user` has no end in the connection string"),
            ("password=hunter2 secret user=u", "text after `password` in the connection string is not a parameter"),
            ("password=hunter2 s3cret=u", "text after `password` in the connection string is not a parameter"),
            ("password='hunter2 secret", "the quoted value of `password` has no end in the connection string"),
            ("mysql://u:hunter2@h/d?a=b", "a connection URI starts with `postgresql://` or `postgres://`"),
            ("u:hunter2@h/d", "a connection URI starts with `postgresql://` or `postgres://`"),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.to_string(), message, "{text}");
            let shown = format!("{error:?}");
            assert!(!shown.contains("hunter2") && !shown.contains("s3cret"), "{shown}");
            assert!(error.problem.help.is_some(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_parses_or_fails_without_the_password(before in "[a='\\\\ ]{0,4}", after in "[a='\\\\ ]{0,6}") {
            if let Err(error) = parse(&format!("user=u password={before}qzqzqz{after}")) {
                proptest::prop_assert!(!format!("{error:?}").contains("qzqzqz"), "{error:?}");
            }
        }

        #[test]
        fn a_quoted_password_comes_back(password in ".{1,12}") {
            let quoted = password.replace('\\', "\\\\").replace('\'', "\\'");
            let settings = parse(&format!("password='{quoted}' user=u")).expect("it parses");
            proptest::prop_assert_eq!(settings.given("password"), Some(password.as_str()));
        }
    }

    #[test]
    fn what_counts_as_a_connection_string() {
        for (text, is) in
            [("shop", false), ("a-b@c", false), ("postgres:///x", true), ("dbname=x", true), ("u:p@h", true)]
        {
            assert_eq!(is_conninfo(text), is, "{text}");
        }
    }
}
