//! Secrets: where they come from, and what PostgreSQL stores of a password.
//!
//! No file of a project contains a secret; it says where to find it. A password leaves this process only as a
//! SCRAM-SHA-256 verifier. See <https://www.postgresql.org/docs/current/catalog-pg-authid.html> and RFC 5802.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postgres_protocol::password::scram_sha_256;
use ring::{digest, hmac, pbkdf2};
use secrecy::{ExposeSecret, SecretString};
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::diagnostic::{Code, Problem};

/// Where a secret is: `{ env: NAME }` or `{ file: PATH }`.
#[derive(Debug, Clone)]
pub enum Source {
    /// In that environment variable.
    Env(String),
    /// In a file, without the line break at its end.
    File {
        /// The path as written.
        path: String,
        /// The directory that a relative path starts from.
        from: PathBuf,
    },
}

impl Source {
    /// Returns a copy whose relative path starts from `dir`.
    #[must_use]
    pub fn located(&self, dir: &Path) -> Self {
        match self {
            Self::Env(name) => Self::Env(name.clone()),
            Self::File { path, .. } => Self::File { path: path.clone(), from: dir.to_owned() },
        }
    }
}

/// Compares what is written: the directory depends on where the project is, not on what it declares.
impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Env(a), Self::Env(b)) | (Self::File { path: a, .. }, Self::File { path: b, .. }) => a == b,
            (Self::Env(_), Self::File { .. }) | (Self::File { .. }, Self::Env(_)) => false,
        }
    }
}

impl Eq for Source {}

/// Writes what may be shown instead of the secret: `<from APP_PASSWORD>`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "<from {name}>"),
            Self::File { path, .. } => write!(f, "<from {path}>"),
        }
    }
}

/// Reads a secret. No error message contains any part of it.
pub fn resolve(source: &Source) -> Result<SecretString, Problem> {
    let (text, place) = match source {
        Source::Env(name) => (from_variable(name)?, format!("the environment variable `{name}`")),
        Source::File { path, from } => (from_file(&from.join(path))?, format!("the file `{path}`")),
    };
    if text.expose_secret().is_empty() {
        return Err(Problem::new(Code::Refused, format!("{place} is empty")).help("put the password there"));
    }
    if text.expose_secret().contains('\0') {
        let message = format!("{place} holds a zero byte, which no password of PostgreSQL may");
        return Err(Problem::new(Code::Refused, message).help("remove it"));
    }
    Ok(text)
}

/// Variables from `--env-file`, which take precedence over the environment for the rest of the run.
static GIVEN: OnceLock<HashMap<String, SecretString>> = OnceLock::new();

/// Sets the variables that take precedence over the environment. Only the first call of a run has an effect.
pub fn provide(variables: impl IntoIterator<Item = (String, String)>) {
    let _ = GIVEN.set(variables.into_iter().map(|(name, value)| (name, value.into())).collect());
}

fn from_variable(name: &str) -> Result<SecretString, Problem> {
    if let Some(given) = GIVEN.get().and_then(|given| given.get(name)) {
        return Ok(given.clone());
    }
    let problem = |what: &str| Problem::new(Code::Refused, format!("the environment variable `{name}` {what}"));
    match std::env::var(name) {
        Ok(text) => Ok(text.into()),
        Err(std::env::VarError::NotPresent) => {
            Err(problem("is not set").help(format!("set `{name}` to the password where the plan is made and applied")))
        }
        Err(std::env::VarError::NotUnicode(_)) => Err(problem("is not UTF-8").help("set it to a text in UTF-8")),
    }
}

fn from_file(path: &Path) -> Result<SecretString, Problem> {
    let mut text = std::fs::read_to_string(path).map_err(|error| {
        Problem::new(Code::Refused, format!("the password can't be read from `{}`: {error}", path.display()))
            .help("a relative path counts from the YAML file that names it")
    })?;
    for end in ['\n', '\r'] {
        if text.ends_with(end) {
            text.pop();
        }
    }
    Ok(text.into())
}

impl schemars::JsonSchema for Source {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Source".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let one = |key: &str, what: &str| {
            let value = serde_json::json!({ "type": "string", "description": what });
            let properties = serde_json::Map::from_iter([(key.to_owned(), value)]);
            serde_json::json!({
                "type": "object", "properties": properties, "required": [key], "additionalProperties": false
            })
        };
        let (env, file) = (one("env", "The name of an environment variable."), one("file", "The path of a file."));
        schemars::json_schema!({ "anyOf": [env, file] })
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::Env(name) => map.serialize_entry("env", name)?,
            Self::File { path, .. } => map.serialize_entry("file", path)?,
        }
        map.end()
    }
}

/// Returns the error for a password in a file, in the form that the bridge to YAML reads.
fn in_a_file() -> String {
    let problem = Problem::new(Code::Secret, "a password never stands in a file");
    problem.help("write `{ env: NAME }` or `{ file: PATH }`, and choose a new password").to_text()
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Source;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`{ env: NAME }` or `{ file: PATH }`")
            }

            // The message does not repeat the value, which may be a password.
            fn visit_str<E: de::Error>(self, _: &str) -> Result<Source, E> {
                Err(E::custom(in_a_file()))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, _: A) -> Result<Source, A::Error> {
                Err(de::Error::custom(in_a_file()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Source, A::Error> {
                let source = match map.next_entry::<String, String>()? {
                    Some((key, name)) if key == "env" => Source::Env(name),
                    Some((key, path)) if key == "file" => Source::File { path, from: PathBuf::new() },
                    Some((key, _)) => return Err(de::Error::unknown_field(&key, &["env", "file"])),
                    None => return Err(de::Error::invalid_length(0, &self)),
                };
                match map.next_key::<String>()? {
                    None => Ok(source),
                    Some(_) => Err(de::Error::custom("a password comes from one place\nhelp: write `env` or `file`")),
                }
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// What PostgreSQL stores of a password; an empty one stands for no password.
#[derive(Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Verifier(String);

impl Verifier {
    /// Creates a verifier of a password, with a salt of its own.
    pub fn of(password: &SecretString) -> Self {
        Self(scram_sha_256(password.expose_secret().as_bytes()))
    }

    /// Returns the text for `password '…'`, which contains only letters, digits and `+/=:$-`.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns whether the verifier was made from that password by SCRAM-SHA-256. Always `false` for MD5, which is to
    /// be replaced.
    pub fn matches(&self, password: &SecretString) -> bool {
        self.parts().is_some_and(|parts| parts.match_password(password.expose_secret()))
    }

    /// Parses `SCRAM-SHA-256$iterations:salt$stored:server`.
    fn parts(&self) -> Option<Parts> {
        let (head, keys) = self.0.strip_prefix("SCRAM-SHA-256$")?.split_once('$')?;
        let (iterations, salt) = head.split_once(':')?;
        let (stored, server) = keys.split_once(':')?;
        let decode = |text: &str| STANDARD.decode(text).ok();
        Some(Parts {
            iterations: iterations.parse().ok()?,
            salt: decode(salt)?,
            stored: decode(stored)?,
            server: decode(server)?,
        })
    }
}

/// The parts of a verifier.
struct Parts {
    iterations: NonZeroU32,
    salt: Vec<u8>,
    stored: Vec<u8>,
    server: Vec<u8>,
}

impl Parts {
    fn match_password(&self, password: &str) -> bool {
        // As in PostgreSQL, a password that SASLprep refuses is used as it is.
        let prepared = stringprep::saslprep(password).unwrap_or(password.into());
        let mut salted = [0; digest::SHA256_OUTPUT_LEN];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, self.iterations, &self.salt, prepared.as_bytes(), &mut salted);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &salted);
        let stored = digest::digest(&digest::SHA256, hmac::sign(&key, b"Client Key").as_ref());
        hmac::verify(&key, b"Server Key", &self.server).is_ok() && stored.as_ref() == self.stored
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(…)")
    }
}

/// A secret that was read from a server. It can be compared, and is never shown.
#[derive(Clone)]
pub struct Hidden(SecretString);

impl Hidden {
    /// Returns whether it is the given secret.
    pub fn matches(&self, secret: &SecretString) -> bool {
        self.0.expose_secret() == secret.expose_secret()
    }

    /// Returns the secret, for code that compares it or decides whether the text is a secret at all.
    pub fn expose(&self) -> &SecretString {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(…)")
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Node;
    use crate::model::bridge;

    #[test]
    fn a_verifier_matches_its_own_password_only() {
        for password in ["pencil", "it's", "Ⅸ\u{a0}x", "tab\tin it", "пароль"] {
            let verifier = Verifier::of(&password.into());
            assert!(verifier.matches(&password.into()), "{password}");
            assert!(!verifier.matches(&"other".into()));
            assert_ne!(verifier, Verifier::of(&password.into()), "each has a salt of its own");
        }
    }

    #[test]
    fn what_postgresql_stored_is_read() {
        // From `set scram_iterations = 1024; create role r password 'secret'` in PostgreSQL 16; then texts that are not
        // SCRAM.
        for text in
            ["", "md57cb133e596658708079ed4cfaaf64462", "SCRAM-SHA-256$4096:x", "SCRAM-SHA-256$0:YQ==$YQ==:YQ=="]
        {
            assert!(!Verifier(text.to_owned()).matches(&"secret".into()), "{text}");
        }
    }

    #[test]
    fn nothing_shows_a_verifier() {
        let verifier = Verifier::of(&"pencil".into());
        assert_eq!(format!("{verifier:?}"), "Verifier(…)");
    }

    #[test]
    fn a_password_in_a_file_is_refused_without_repeating_it() {
        let read = |node: Node| bridge::from_node::<Source>(&node).expect_err("refused").problem;
        for node in [Node::text("hunter2"), Node::plain("12345"), Node::plain("true")] {
            let problem = read(node);
            assert_eq!(problem.message, "a password never stands in a file");
            assert_eq!(
                problem.help.as_deref(),
                Some("write `{ env: NAME }` or `{ file: PATH }`, and choose a new password")
            );
        }
        assert!(serde_json::from_str::<Source>("{\"env\": \"A\", \"file\": \"b\"}").is_err());
    }

    #[test]
    fn a_secret_that_is_not_there_is_named() {
        let problem = resolve(&Source::Env("DBSTATE_NO_SUCH_VARIABLE".to_owned())).expect_err("not set");
        assert_eq!(problem.message, "the environment variable `DBSTATE_NO_SUCH_VARIABLE` is not set");
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("secret"), "pass word \r\n").expect("written");
        let source = Source::File { path: "secret".to_owned(), from: PathBuf::new() }.located(dir.path());
        assert_eq!(resolve(&source).expect("there").expose_secret(), "pass word ");
        assert_eq!(source.to_string(), "<from secret>");
    }
}
