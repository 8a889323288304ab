//! From what the user gave to a [`Target`]: flags, then the connection string, then the service file, then `PG*`
//! variables, then libpq's defaults.
//!
//! As in libpq, a service file goes before the environment, and an explicit connection string before both.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::parameter::{PARAMETERS, Settings};
use super::passfile::Passfile;
use super::{Target, conninfo, service, settings, uri, usage};
use crate::diagnostic::Result;

/// What `-h`, `-p` and `-U` say. They go before everything else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// A host name, an address or a socket directory; several with commas.
    pub host: Option<String>,
    /// A port.
    pub port: Option<u16>,
    /// A role.
    pub user: Option<String>,
}

/// Where PostgreSQL builds look for the service file of the whole machine; see `libpq-pgservice`.
const SYSTEM_DIRECTORIES: [&str; 3] = ["/etc/postgresql-common", "/etc/sysconfig/pgsql", "/usr/local/pgsql/etc"];

impl Target {
    /// The target of a connection string alone: a URI or `key=value` pairs, completed by libpq's built-in defaults
    /// but by no variable and no file of the user. Errors never repeat a password. See `libpq-connect`.
    pub fn parse(text: &str) -> Result<Self> {
        complete(read(text)?, &Overrides::default(), &|_| None)
    }

    /// The target of everything the user gave. `explicit` is what `-d` takes: a connection string, or a database's
    /// name; `env` reads an environment variable. Errors are mistakes in any of them; what is merely odd goes into
    /// [`Target::warnings`]. See `libpq-envars`, `libpq-pgservice` and `libpq-pgpass`.
    pub fn resolve(
        explicit: Option<&str>,
        overrides: &Overrides,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let given = match explicit {
            Some(text) if conninfo::is_conninfo(text) => read(text)?,
            Some(name) => {
                let mut settings = Settings::default();
                settings.set("dbname", name);
                settings
            }
            None => Settings::default(),
        };
        complete(given, overrides, env)
    }

    /// What a list of databases names that came from here: a connection string, as [`Self::resolve`] takes it, or else a
    /// database of the same server.
    pub fn beside(&self, text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        if conninfo::is_conninfo(text) {
            return Self::resolve(Some(text), &Overrides::default(), env);
        }
        Ok(self.with_database(text))
    }
}

/// The parameters of a connection string. The path of a URI is a database's name, whatever it looks like.
fn read(text: &str) -> Result<Settings> {
    let mut given = conninfo::parse(text)?;
    if !uri::is_uri(text) {
        expand_dbname(&mut given)?;
    }
    Ok(given)
}

fn complete(mut given: Settings, overrides: &Overrides, env: &dyn Fn(&str) -> Option<String>) -> Result<Target> {
    apply(&mut given, overrides);
    add_service(&mut given, env)?;
    add_variables(&mut given, env);
    given.check()?;
    let home = env("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let mut warnings = Vec::new();
    let passfile = read_passfile(&given, home.as_deref(), &mut warnings);
    settings::target(&given, home.as_deref(), Arc::new(passfile), warnings)
}

/// A `dbname` that is itself a connection string is opened up, as psql does for its first argument.
fn expand_dbname(given: &mut Settings) -> Result<()> {
    let Some(name) = given.get("dbname").filter(|name| conninfo::is_conninfo(name)) else { return Ok(()) };
    let mut inner = conninfo::parse(name)?;
    if inner.get("dbname").is_some_and(conninfo::is_conninfo) {
        return Err(usage("a connection string inside `dbname` holds another one", "give the innermost one alone"));
    }
    given.remove("dbname");
    inner.fill_from(std::mem::take(given));
    *given = inner;
    Ok(())
}

fn apply(given: &mut Settings, overrides: &Overrides) {
    if let Some(host) = &overrides.host {
        given.remove("hostaddr");
        given.set("host", host.as_str());
    }
    if let Some(port) = overrides.port {
        given.set("port", port.to_string());
    }
    if let Some(user) = &overrides.user {
        given.set("user", user.as_str());
    }
}

fn add_service(given: &mut Settings, env: &dyn Fn(&str) -> Option<String>) -> Result<()> {
    let named = given.get("service").map(str::to_owned).or_else(|| env("PGSERVICE"));
    let Some(name) = named.filter(|name| !name.is_empty()) else { return Ok(()) };
    let own = given.get("servicefile").map(PathBuf::from).or_else(|| env("PGSERVICEFILE").map(PathBuf::from));
    let own = own.or_else(|| env("HOME").map(|home| Path::new(&home).join(".pg_service.conf")));
    let system = match env("PGSYSCONFDIR") {
        Some(dir) => vec![PathBuf::from(dir)],
        None => SYSTEM_DIRECTORIES.iter().map(PathBuf::from).collect(),
    };
    let files: Vec<_> = own.into_iter().chain(system.iter().map(|dir| dir.join("pg_service.conf"))).collect();
    given.fill_from(service::read(&name, &files)?);
    Ok(())
}

fn add_variables(given: &mut Settings, env: &dyn Fn(&str) -> Option<String>) {
    for parameter in PARAMETERS {
        if let Some(value) = parameter.variable.and_then(env).filter(|value| !value.is_empty()) {
            given.fill(parameter.keyword, value);
        }
    }
}

fn read_passfile(given: &Settings, home: Option<&Path>, warnings: &mut Vec<String>) -> Passfile {
    if given.get("password").is_some() {
        return Passfile::default();
    }
    let path = given.get("passfile").map(PathBuf::from).or_else(|| Some(home?.join(".pgpass")));
    path.map(|path| Passfile::read(&path, warnings)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use secrecy::ExposeSecret;

    use super::*;

    fn resolve(explicit: Option<&str>, flags: &Overrides, vars: &[(&str, &str)]) -> Result<Target> {
        Target::resolve(explicit, flags, &|name| {
            vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn flags_then_string_then_variables_then_defaults() {
        let vars = [("PGHOST", "envhost"), ("PGPORT", "7"), ("PGUSER", "envuser"), ("PGDATABASE", "envdb")];
        for (explicit, expected) in [
            (None, "postgresql://envuser@envhost:7/envdb"),
            (Some("shop"), "postgresql://envuser@envhost:7/shop"),
            (Some("postgres://h/"), "postgresql://envuser@h:7/envdb"),
            (Some("host=h dbname=d user=u port=1"), "postgresql://u@h:1/d"),
            (Some("postgres://u@h:1,i:2/d"), "postgresql://u@h:1,i:2/d"),
            (Some("dbname='postgres://u@h:1/d' user=x"), "postgresql://u@h:1/d"),
        ] {
            let target = resolve(explicit, &Overrides::default(), &vars).expect("it resolves");
            assert_eq!(target.to_string(), expected, "{explicit:?}");
        }
        let flags = Overrides { host: Some("f".into()), port: Some(9), user: Some("fu".into()) };
        let target = resolve(Some("host=h hostaddr=1.2.3.4 user=u dbname=d"), &flags, &vars).expect("it resolves");
        assert_eq!(target.to_string(), "postgresql://fu@f:9/d");
    }

    #[test]
    fn defaults_are_those_of_libpq() {
        let target = resolve(None, &Overrides::default(), &[]).expect("it resolves");
        assert_eq!(target.database(), target.user());
        let shown: Vec<_> = target.hosts().iter().map(|h| format!("{:?}", h.kind)).collect();
        assert_eq!(shown.len(), 3, "{shown:?}");
        assert!(
            shown[0].contains("/var/run/postgresql") && shown[1].contains("/tmp") && shown[2].contains("localhost")
        );
        assert_eq!(target.application_name(), "dbstate");
    }

    #[test]
    fn a_service_goes_before_the_environment() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("pg_service.conf");
        fs::write(&file, "[s]\nhost=sh\ndbname=sd\nport=1\n").expect("a file");
        let path = file.to_string_lossy();
        let sysconf = dir.path().to_string_lossy();
        let flags = Overrides::default();
        for vars in [
            vec![("PGSERVICE", "s"), ("PGSERVICEFILE", &*path), ("PGHOST", "e"), ("PGUSER", "u")],
            vec![("PGSERVICE", "s"), ("PGSYSCONFDIR", &*sysconf), ("PGHOST", "e"), ("PGUSER", "u")],
        ] {
            let target = resolve(Some("port=2"), &flags, &vars).expect("it resolves");
            assert_eq!(target.to_string(), "postgresql://u@sh:2/sd");
        }
        let error = resolve(Some("service=t"), &flags, &[("PGSERVICEFILE", &*path)]).expect_err("it fails");
        assert_eq!(error.to_string(), "service `t` is not defined");
    }

    #[test]
    fn the_password_file_follows_the_database() {
        let home = tempfile::tempdir().expect("a directory");
        let file = home.path().join(".pgpass");
        fs::write(&file, "h:*:a:u:for-a\nh:*:b:u:for-b\n").expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a mode");
        let home = home.path().to_string_lossy();
        let target = resolve(Some("postgres://u@h/a"), &Overrides::default(), &[("HOME", &home)]).expect("it resolves");
        let password = |target: &Target| target.password(&target.hosts()[0]).map(|p| p.expose_secret().to_owned());
        assert_eq!(password(&target).as_deref(), Some("for-a"));
        assert_eq!(password(&target.with_database("b")).as_deref(), Some("for-b"));
        assert_eq!(password(&target.with_database("c")), None);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("a mode");
        let target = resolve(Some("postgres://u@h/a"), &Overrides::default(), &[("HOME", &home)]).expect("it resolves");
        assert_eq!((password(&target), target.warnings().len()), (None, 1));
    }

    #[test]
    fn what_is_printed_parses_back() {
        let odd = [
            "host=a%,b? port=1,2 user='a=b'",
            "host='[b,::1' user=e=d",
            "host=h%h dbname=d user=u",
            "host=/socket=dir user=u",
        ];
        for text in odd {
            let shown = Target::parse(text).expect(text).to_string();
            assert_eq!(Target::parse(&shown).expect(&shown).to_string(), shown, "{text}");
        }
    }

    #[test]
    fn no_form_shows_a_password() {
        let target = resolve(Some("postgres://u:hunter2@h/d"), &Overrides::default(), &[]).expect("it resolves");
        assert!(!format!("{target} {target:?}").contains("hunter2"));
        let target = resolve(Some("postgres://u@h/d"), &Overrides::default(), &[("PGPASSWORD", "hunter2")]);
        let target = target.expect("it resolves");
        assert_eq!(target.password(&target.hosts()[0]).map(ExposeSecret::expose_secret), Some("hunter2"));
        assert!(!format!("{target} {target:?}").contains("hunter2"));
    }
}
