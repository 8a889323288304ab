//! The system catalogs as an observer that is not `pg_dump` sees them: `observer.sql`, which shares nothing with dbstate.
//!
//! It looks at every column that `docs/catalogs.yaml` calls managed, and stands in for a `pg_dump` that is older than the
//! server.

use dbstate::local::Server;

use super::database::psql;
use crate::complete::table::{Catalog, table};

const OBSERVER: &str = include_str!("observer.sql");

/// Catalogs that all databases of a cluster share, and what a database says in them of itself alone.
const SHARED: &[&str] = &[
    "pg_auth_members",
    "pg_authid",
    "pg_database",
    "pg_db_role_setting",
    "pg_parameter_acl",
    "pg_shdescription",
    "pg_shseclabel",
    "pg_tablespace",
];

/// Of those, what says something of roles.
const ROLES: &[&str] = &["pg_auth_members", "pg_authid", "pg_db_role_setting", "pg_shdescription"];

/// SQL that makes the observer, then asks about the managed columns of each catalog of the server that is wanted.
pub fn sql(server: &Server, wanted: impl Fn(&str) -> bool, ask: impl Fn(&str, &str) -> String) -> String {
    let major = server.version().major;
    let asked = |(name, catalog): (&String, &Catalog)| {
        let columns = catalog.managed_in(major);
        let array = format!("array['{}']", columns.join("', '"));
        (!columns.is_empty() && wanted(name)).then(|| ask(name, &array))
    };
    table().iter().filter_map(asked).fold(OBSERVER.to_owned(), |sql, more| sql + "\n" + &more + ";")
}

/// The rows of the wanted catalogs in a database, a line each, sorted.
pub fn rows(server: &Server, database: &str, wanted: impl Fn(&str) -> bool) -> String {
    let ask = |name: &str, columns: &str| format!("select '{name}', r from pg_temp.observe('{name}', {columns}) r");
    let text = psql(server, database, &sql(server, wanted, ask));
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// What `pg_dump --schema-only` would tell of a database, the order of its columns aside.
pub fn schema(server: &Server, database: &str) -> String {
    let rows = rows(server, database, |name| !SHARED.contains(&name));
    let mut lines: Vec<String> = rows.lines().map(as_dumped).collect();
    lines.sort();
    lines.join("\n")
}

/// A row without what a dump does not hold, or another way to the same end may have left otherwise.
fn as_dumped(line: &str) -> String {
    let mut keys = vec!["attnum", "extversion"];
    if line.contains("\"attrelid\": \"index ") {
        keys.push("attname"); // PostgreSQL renames no column of an index with that of the table
        // A column that stands in an index twice hands on how it is stored to the first; a later index has it in both.
        keys.extend(["attstorage", "attcompression"]);
    }
    if line.contains("\"contype\": \"n\"") {
        keys.push("conname"); // it follows no rename
        if !line.contains("\"coninhcount\": 0") {
            keys.push("conislocal"); // short of detaching the table, no statement makes it that of the table above alone
        }
    }
    keys.iter().fold(line.to_owned(), |line, key| without(&line, key))
}

/// A row without the value of a key.
fn without(line: &str, key: &str) -> String {
    let start = line.find(&format!("\"{key}\": ")).unwrap_or(line.len());
    let end = line[start..].find(", \"").map_or(line.len(), |i| start + i + 2);
    format!("{}{}", &line[..start], &line[end..])
}

/// What `pg_dumpall --roles-only` would tell of a cluster, but for passwords.
pub fn roles(server: &Server) -> String {
    // PostgreSQL takes no end of validity away again: one at infinity is none.
    rows(server, "postgres", |name| ROLES.contains(&name)).replace("\"infinity\"", "null")
}
