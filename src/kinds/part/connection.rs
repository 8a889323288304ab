//! A connection string in YAML: the string itself if it contains no secret, else where it can be found.
//!
//! See <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING>.

use std::fmt;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::diagnostic::{Code, Problem};
use crate::secret::{self, Hidden, Source};

/// A connection string, or where one is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Connection {
    /// One that holds no password.
    Plain(Plain),
    /// In a variable or a file.
    Secret(Source),
}

/// A connection string without a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain(String);

impl Connection {
    /// Returns the connection for a string, unless the string may contain a password.
    pub fn plain(text: &str) -> Option<Self> {
        (!may_hold_password(text)).then(|| Self::Plain(Plain(text.to_owned())))
    }

    /// Returns the connection for a string read from a server, unless the string may contain a password.
    pub fn of(stored: &Hidden) -> Option<Self> {
        Self::plain(stored.expose().expose_secret())
    }

    /// Returns the connection string. No error message contains any part of it.
    pub fn resolve(&self) -> Result<SecretString, Problem> {
        match self {
            Self::Plain(Plain(text)) => Ok(text.as_str().into()),
            Self::Secret(source) => secret::resolve(source),
        }
    }

    /// Returns a copy in which the path of a file starts from `dir`.
    #[must_use]
    pub fn located(&self, dir: &Path) -> Self {
        match self {
            Self::Plain(_) => self.clone(),
            Self::Secret(source) => Self::Secret(source.located(dir)),
        }
    }
}

/// Writes what may be shown: the string, or where it can be found.
impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(Plain(text)) => f.write_str(text),
            Self::Secret(source) => source.fmt(f),
        }
    }
}

/// Returns whether a string has a keyword for passwords, or a URI has something between user name and host. In doubt it
/// says yes.
fn may_hold_password(text: &str) -> bool {
    let user = text.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).map(|(user, _)| user);
    let word = text.to_ascii_lowercase();
    // Keywords in a URI may be percent-encoded.
    word.contains("passw") || user.is_some_and(|user| user.contains(':')) || word.contains("://") && word.contains('%')
}

impl Serialize for Plain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Connection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Connection;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a connection string, `{ env: NAME }` or `{ file: PATH }`")
            }

            // The message does not repeat the value.
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Connection, E> {
                Connection::plain(text).ok_or_else(|| {
                    let problem =
                        Problem::new(Code::Secret, "a connection string with a password never stands in a file");
                    E::custom(
                        problem.help("write `{ env: NAME }` or `{ file: PATH }`, and choose a new password").to_text(),
                    )
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Connection, A::Error> {
                Source::deserialize(MapAccessDeserializer::new(map)).map(Connection::Secret)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

crate::kinds::part::own_schema!(Connection, generator => schemars::json_schema!({
    "description": "A connection string without a password, or where one is.",
    "anyOf": [{ "type": "string" }, generator.subschema_for::<Source>()]
}));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_hold_a_password_is_not_plain() {
        for text in ["host=a dbname=b user=c", "postgres://user@host:5432/db", "dbname=x options='-c a=b'", ""] {
            assert!(Connection::plain(text).is_some(), "{text}");
        }
        for text in [
            "host=a PassWord = x",
            "postgres://u:p@h/db",
            "postgresql://u@h/db?sslpassword=x",
            "postgres://h/?passwor%64=x",
        ] {
            assert!(Connection::plain(text).is_none(), "{text}");
        }
    }
}
