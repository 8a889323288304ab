//! Proof of completeness: every column of every system catalog is managed, derived or left out for a reason
//! (`docs/catalogs.yaml`), and each managed one survives a round trip in a database that holds all of them.
//!
//! `DBSTATE_BLESS=1` writes `docs/catalogs.md` anew.

pub mod round_trip;
pub mod table;

use std::collections::BTreeSet;

use dbstate::kinds::register;

use crate::support::cluster::cluster;
use crate::support::database::Database;
use table::{Catalog, page, table};

/// Every column of every catalog, as `pg_class.relname`.
const COLUMNS: &str = "select c.relname || '.' || a.attname
    from pg_class c join pg_attribute a on a.attrelid = c.oid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'pg_catalog' and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped";

#[test]
fn every_column_of_every_catalog_is_decided() {
    let major = cluster().version().major;
    let table = table();
    let columns = Database::create().psql(COLUMNS);
    let there: BTreeSet<&str> = columns.lines().collect();
    let whole = |column: &str| {
        let name = column.split('.').next().unwrap_or_default();
        table.get(name).is_some_and(|c| c.whole.is_some() && c.is_in(major))
    };
    let decided: BTreeSet<String> = table
        .iter()
        .filter(|(_, catalog)| catalog.is_in(major))
        .flat_map(|(name, c)| c.columns().filter(|col| c.has(col, major)).map(move |col| format!("{name}.{col}")))
        .collect();
    let open: Vec<&&str> = there.iter().filter(|c| !decided.contains(**c) && !whole(c)).collect();
    assert!(open.is_empty(), "PostgreSQL {major} has columns that docs/catalogs.yaml does not decide: {open:?}");
    let gone: Vec<&String> = decided.iter().filter(|c| !there.contains(c.as_str())).collect();
    assert!(gone.is_empty(), "PostgreSQL {major} has no such columns; say so under `only`: {gone:?}");
}

#[test]
fn a_column_is_decided_once() {
    for (name, catalog) in table() {
        let mut seen = BTreeSet::new();
        let twice: Vec<&String> = catalog.columns().filter(|c| !seen.insert(*c)).collect();
        assert!(twice.is_empty(), "{name}: {twice:?}");
        assert_eq!(seen.is_empty(), catalog.whole.is_some(), "{name}: columns one by one, or all of it");
        let stray: Vec<&String> = catalog.only.keys().filter(|c| !seen.contains(c)).collect();
        assert!(stray.is_empty(), "{name}: `only` names no column: {stray:?}");
    }
}

#[test]
fn what_manages_a_column_is_in_the_register() {
    let unknown: Vec<String> = table()
        .iter()
        .flat_map(|(name, catalog)| managers(catalog).map(move |key| format!("{name}: {key}")).collect::<Vec<_>>())
        .filter(|line| !exists(line.rsplit(' ').next().unwrap_or_default()))
        .collect();
    assert!(unknown.is_empty(), "no kind has this name or key: {unknown:#?}");
}

fn managers(catalog: &Catalog) -> impl Iterator<Item = &str> {
    catalog.managed.values().flat_map(|text| text.split(' '))
}

/// True for `table`, a kind, and `table.options`, a key of its long form that YAML may hold.
fn exists(key: &str) -> bool {
    let (kind, field) = key.split_once('.').map_or((key, None), |(kind, field)| (kind, Some(field)));
    register()
        .iter()
        .filter(|e| e.name.0 == kind)
        .any(|e| field.is_none_or(|f| (e.fields)().contains(&f) && !f.starts_with("live_")))
}

/// Every key of every kind is the reason why some column is managed.
#[test]
fn every_key_manages_a_column() {
    let table = table();
    let said: BTreeSet<&str> = table.values().flat_map(managers).collect();
    let idle: Vec<String> = register()
        .iter()
        .flat_map(|e| (e.fields)().iter().map(|f| format!("{}.{f}", e.name.0)))
        .filter(|key| !said.contains(key.as_str()) && !key.contains(".live_"))
        .collect();
    let none: &[&str] = &[
        "role.external",    // leaves the role alone
        "role.absent",      // drops it
        "role.reassign_to", // gives away what it owns before
    ];
    assert_eq!(idle, none, "these keys stand in no row of docs/catalogs.yaml");
}

#[test]
fn the_page_is_what_the_table_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/catalogs.md");
    let page = page(&table());
    if std::env::var_os("DBSTATE_BLESS").is_some() {
        std::fs::write(path, &page).expect("written");
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == page, "docs/catalogs.md is not made from docs/catalogs.yaml; DBSTATE_BLESS=1 writes it");
}
