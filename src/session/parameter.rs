//! The connection parameters of libpq: which exist, which variable sets them, and what dbstate does with each.
//!
//! A parameter that only tunes something dbstate has no use for is accepted and ignored. One whose silent loss would
//! make a connection less safe than its author believes is refused.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::usage;
use crate::diagnostic::Result;

/// One parameter of libpq.
pub(super) struct Parameter {
    /// Its keyword.
    pub keyword: &'static str,
    /// The environment variable that sets it.
    pub variable: Option<&'static str>,
    /// What dbstate does with it.
    duty: Duty,
}

/// What dbstate does with a parameter.
enum Duty {
    /// Honours it.
    Honoured,
    /// Accepts and ignores it.
    Ignored,
    /// Refuses every value but the listed ones, for a reason.
    Only(&'static [&'static str], &'static str),
}

use Duty::{Honoured, Ignored, Only};

const fn p(keyword: &'static str, variable: Option<&'static str>, duty: Duty) -> Parameter {
    Parameter { keyword, variable, duty }
}

const NO_GSS: &str = "dbstate does not speak GSSAPI; use `sslmode=verify-full` for an encrypted connection";
const NO_KEY: &str = "decrypt the key with `openssl pkey`, and name the plain file, mode 0600, as `sslkey`";

/// Every parameter, in the order of the libpq documentation.
pub(super) const PARAMETERS: &[Parameter] = &[
    p("host", Some("PGHOST"), Honoured),
    p("hostaddr", Some("PGHOSTADDR"), Honoured),
    p("port", Some("PGPORT"), Honoured),
    p("dbname", Some("PGDATABASE"), Honoured),
    p("user", Some("PGUSER"), Honoured),
    p("password", Some("PGPASSWORD"), Honoured),
    p("passfile", Some("PGPASSFILE"), Honoured),
    p("require_auth", Some("PGREQUIREAUTH"), Only(&[], "dbstate offers `channel_binding=require` instead")),
    p("channel_binding", Some("PGCHANNELBINDING"), Honoured),
    p("connect_timeout", Some("PGCONNECT_TIMEOUT"), Honoured),
    p("client_encoding", Some("PGCLIENTENCODING"), Ignored),
    p("options", Some("PGOPTIONS"), Honoured),
    p("application_name", Some("PGAPPNAME"), Honoured),
    p("fallback_application_name", None, Honoured),
    p("keepalives", None, Honoured),
    p("keepalives_idle", None, Honoured),
    p("keepalives_interval", None, Honoured),
    p("keepalives_count", None, Honoured),
    p("tcp_user_timeout", None, Honoured),
    p("replication", None, Only(&["0", "off", "no", "false"], "dbstate needs an ordinary session")),
    p("gssencmode", Some("PGGSSENCMODE"), Only(&["disable", "prefer"], NO_GSS)),
    p("sslmode", Some("PGSSLMODE"), Honoured),
    p("requiressl", Some("PGREQUIRESSL"), Honoured),
    p("sslnegotiation", Some("PGSSLNEGOTIATION"), Honoured),
    p("sslcompression", Some("PGSSLCOMPRESSION"), Ignored),
    p("sslcert", Some("PGSSLCERT"), Honoured),
    p("sslkey", Some("PGSSLKEY"), Honoured),
    p("sslkeylogfile", None, Ignored),
    p("sslpassword", None, Only(&[], NO_KEY)),
    p("sslcertmode", Some("PGSSLCERTMODE"), Only(&["disable", "allow"], "the server decides that, in `pg_hba.conf`")),
    p("sslrootcert", Some("PGSSLROOTCERT"), Honoured),
    p("sslcrl", Some("PGSSLCRL"), Honoured),
    p("sslcrldir", Some("PGSSLCRLDIR"), Only(&[], "join the lists into one file and name it as `sslcrl`")),
    p("sslsni", Some("PGSSLSNI"), Honoured),
    p("requirepeer", Some("PGREQUIREPEER"), Only(&[], "use a socket directory only the server can write to")),
    p("ssl_min_protocol_version", Some("PGSSLMINPROTOCOLVERSION"), Honoured),
    p("ssl_max_protocol_version", Some("PGSSLMAXPROTOCOLVERSION"), Honoured),
    p("min_protocol_version", Some("PGMINPROTOCOLVERSION"), Only(&["3.0"], "dbstate speaks protocol 3.0")),
    p("max_protocol_version", Some("PGMAXPROTOCOLVERSION"), Ignored),
    p("krbsrvname", Some("PGKRBSRVNAME"), Ignored),
    p("gsslib", Some("PGGSSLIB"), Ignored),
    p("gssdelegation", Some("PGGSSDELEGATION"), Ignored),
    p("scram_client_key", None, Only(&[], "dbstate computes it from `password`")),
    p("scram_server_key", None, Only(&[], "dbstate computes it from `password`")),
    p("oauth_issuer", None, Ignored),
    p("oauth_client_id", None, Ignored),
    p("oauth_client_secret", None, Ignored),
    p("oauth_scope", None, Ignored),
    p("service", Some("PGSERVICE"), Honoured),
    p("servicefile", Some("PGSERVICEFILE"), Honoured),
    p("target_session_attrs", Some("PGTARGETSESSIONATTRS"), Honoured),
    p("load_balance_hosts", Some("PGLOADBALANCEHOSTS"), Honoured),
];

/// The parameter of that keyword.
pub(super) fn find(keyword: &str) -> Option<&'static Parameter> {
    PARAMETERS.iter().find(|p| p.keyword == keyword)
}

/// The keyword nearest to a misspelt one.
pub(super) fn nearest(keyword: &str) -> Option<&'static str> {
    closest(keyword, PARAMETERS.iter().map(|p| p.keyword))
}

/// The one of `choices` that `text` most likely meant.
pub(super) fn closest<'a>(text: &str, choices: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let text = text.to_lowercase();
    choices
        .map(|choice| (strsim::jaro_winkler(&text, choice), choice))
        .filter(|(score, _)| *score > 0.84)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, choice)| choice)
}

/// Parameters given so far, by keyword. The values may be secret, so that `Debug` lists keywords only.
#[derive(Clone, Default)]
pub(super) struct Settings(BTreeMap<&'static str, SecretString>);

impl Settings {
    /// The value given, also when it is empty.
    pub fn given(&self, keyword: &str) -> Option<&str> {
        self.0.get(keyword).map(ExposeSecret::expose_secret)
    }

    /// The value given, where an empty one counts as none, as in libpq.
    pub fn get(&self, keyword: &str) -> Option<&str> {
        self.given(keyword).filter(|value| !value.is_empty())
    }

    /// Sets a value, replacing the one before.
    pub fn set(&mut self, keyword: &'static str, value: impl Into<String>) {
        self.0.insert(keyword, SecretString::from(value.into()));
    }

    /// Sets a value unless there is one.
    pub fn fill(&mut self, keyword: &'static str, value: impl Into<String>) {
        self.0.entry(keyword).or_insert_with(|| SecretString::from(value.into()));
    }

    /// Takes every value from `other` that is missing here.
    pub fn fill_from(&mut self, other: Self) {
        for (keyword, value) in other.0 {
            self.0.entry(keyword).or_insert(value);
        }
    }

    /// Forgets a value.
    pub fn remove(&mut self, keyword: &str) {
        self.0.remove(keyword);
    }

    /// An error for the first parameter that can't be honoured.
    pub fn check(&self) -> Result<()> {
        for parameter in PARAMETERS {
            if self.given(parameter.keyword).is_some_and(|value| value.contains('\0')) {
                let message = format!("connection parameter `{}` holds a NUL character", parameter.keyword);
                return Err(usage(message, "take it out: a message to the server can't carry one"));
            }
            if let (Only(allowed, why), Some(value)) = (&parameter.duty, self.get(parameter.keyword))
                && !allowed.contains(&value)
            {
                return Err(usage(format!("connection parameter `{}` is not supported", parameter.keyword), *why));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses() {
        for (typed, meant) in [("sslmod", "sslmode"), ("databse", ""), ("username", "user"), ("hots", "host"), ("", "")]
        {
            assert_eq!(nearest(typed).unwrap_or(""), meant, "{typed}");
        }
    }

    #[test]
    fn what_cannot_be_honoured_is_refused() {
        let mut settings = Settings::default();
        settings.set("gssencmode", "prefer");
        settings.set("require_auth", "");
        assert!(settings.check().is_ok());
        settings.set("gssencmode", "require");
        assert_eq!(
            settings.check().expect_err("it fails").to_string(),
            "connection parameter `gssencmode` is not supported"
        );
    }

    #[test]
    fn debug_shows_no_value() {
        let mut settings = Settings::default();
        settings.set("password", "hunter2");
        assert_eq!(format!("{settings:?}"), r#"{"password"}"#);
    }
}
