//! The password file, `~/.pgpass`: lines of `host:port:database:user:password`; see `libpq-pgpass`.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use secrecy::SecretString;

use super::place::{Host, HostKind};

/// The lines of a password file.
#[derive(Default)]
pub(super) struct Passfile(Vec<Entry>);

struct Entry {
    /// Host, port, database, user; `None` is `*`.
    fields: [Option<String>; 4],
    password: SecretString,
}

/// The directories whose sockets count as `localhost`: the default of Debian and Red Hat, and PostgreSQL's own.
pub(super) const SOCKET_DIRECTORIES: [&str; 2] = ["/var/run/postgresql", "/tmp"];

impl Passfile {
    /// The file's lines, or none with a warning where it can't be used. A missing file is no reason for one.
    pub fn read(path: &Path, warnings: &mut Vec<String>) -> Self {
        let Ok(meta) = fs::metadata(path) else { return Self::default() };
        if !meta.is_file() {
            warnings.push(format!("password file `{}` is not a plain file, ignored", path.display()));
            return Self::default();
        }
        if meta.mode() & 0o077 != 0 {
            let path = path.display();
            warnings.push(format!("password file `{path}` can be read by others, ignored: `chmod 600 {path}`"));
            return Self::default();
        }
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text),
            Err(error) => {
                warnings.push(format!("password file `{}` ignored: {error}", path.display()));
                Self::default()
            }
        }
    }

    fn parse(text: &str) -> Self {
        let lines = text.lines().map(|line| line.strip_suffix('\r').unwrap_or(line));
        Self(lines.filter(|line| !line.is_empty() && !line.starts_with('#')).filter_map(Entry::parse).collect())
    }

    /// The password of the first line that fits.
    pub fn find(&self, host: &Host, database: &str, user: &str) -> Option<&SecretString> {
        let port = host.port.to_string();
        let fits = |entry: &&Entry| {
            let [entry_host, entry_port, entry_database, entry_user] = &entry.fields;
            let same = |field: &Option<String>, value: &str| field.as_deref().is_none_or(|field| field == value);
            entry_host.as_deref().is_none_or(|name| names(host).iter().any(|other| other == name))
                && same(entry_port, &port)
                && same(entry_database, database)
                && same(entry_user, user)
        };
        self.0.iter().find(fits).map(|entry| &entry.password)
    }
}

/// The names under which a host may stand in the file.
fn names(host: &Host) -> Vec<String> {
    match &host.kind {
        HostKind::Tcp { name, address } if name.is_empty() => address.iter().map(ToString::to_string).collect(),
        HostKind::Tcp { name, .. } => vec![name.clone()],
        HostKind::Socket(dir) if SOCKET_DIRECTORIES.iter().any(|default| dir == Path::new(default)) => {
            vec!["localhost".to_owned(), dir.to_string_lossy().into_owned()]
        }
        HostKind::Socket(dir) => vec![dir.to_string_lossy().into_owned()],
    }
}

impl Entry {
    /// A line, or `None` where it has fewer than five fields, which libpq passes over too.
    fn parse(line: &str) -> Option<Self> {
        let mut rest = line;
        let mut next = || -> Option<Option<String>> {
            let (raw, after) = split_field(rest)?;
            rest = after;
            Some((raw != "*").then(|| unescape(raw)))
        };
        let fields = [next()?, next()?, next()?, next()?];
        let password = split_field(rest).map_or(rest, |(password, _)| password);
        (!password.is_empty()).then(|| Self { fields, password: SecretString::from(unescape(password)) })
    }
}

/// Text up to an unescaped colon, and what follows the colon.
fn split_field(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            ':' if !escaped => return Some((&text[..at], &text[at + 1..])),
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    plain
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use secrecy::ExposeSecret;

    use super::*;

    fn tcp(name: &str, port: u16) -> Host {
        Host { kind: HostKind::Tcp { name: name.to_owned(), address: None }, port }
    }

    fn socket(dir: &str) -> Host {
        Host { kind: HostKind::Socket(PathBuf::from(dir)), port: 5432 }
    }

    #[test]
    fn the_first_line_that_fits() {
        let file = Passfile::parse(
            "# comment\n\nbroken:line\nh:5432:d:u:exact\r\nh:*:d:u:port\nlocalhost:*:*:*:local\n/srv/pg:*:*:*:dir\n\
             a\\:b:*:*:x\\\\y:p\\:q\\\\\n*:*:*:root:any:rest\n",
        );
        for (host, database, user, expected) in [
            (tcp("h", 5432), "d", "u", Some("exact")),
            (tcp("h", 1), "d", "u", Some("port")),
            (tcp("h", 1), "e", "u", None),
            (tcp("localhost", 1), "e", "u", Some("local")),
            (socket("/tmp"), "e", "u", Some("local")),
            (socket("/var/run/postgresql"), "e", "u", Some("local")),
            (socket("/srv/pg"), "e", "u", Some("dir")),
            (socket("/srv/other"), "e", "u", None),
            (tcp("a:b", 1), "e", "x\\y", Some("p:q\\")),
            (tcp("z", 1), "e", "root", Some("any")),
        ] {
            let found = file.find(&host, database, user).map(ExposeSecret::expose_secret);
            assert_eq!(found, expected, "{host:?} {database} {user}");
        }
    }

    #[test]
    fn a_file_others_can_read_is_ignored() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("pgpass");
        fs::write(&path, "*:*:*:*:hunter2\n").expect("a file");
        for (mode, lines, warned) in [(0o644, 0, 1), (0o640, 0, 1), (0o600, 1, 0), (0o400, 1, 0)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
            let mut warnings = Vec::new();
            assert_eq!(Passfile::read(&path, &mut warnings).0.len(), lines, "{mode:o}");
            assert_eq!(warnings.len(), warned, "{mode:o} {warnings:?}");
        }
        let mut warnings = Vec::new();
        assert!(Passfile::read(&dir.path().join("none"), &mut warnings).0.is_empty() && warnings.is_empty());
    }
}
