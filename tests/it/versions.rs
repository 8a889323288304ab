//! What a version of PostgreSQL lacks is an error that points at the YAML; what it has is planned.

use std::collections::BTreeMap;

use dbstate::sql::types::is_own;

use crate::complete::table::table;
use crate::support::cluster::{cluster, own_cluster};
use crate::support::database::Database;
use crate::support::project::Project;

/// What the projects rest on.
const BASE: &str = "\
roles: { app: {}, other: {} }
schemas:
  shop:
    tables:
      o: { columns: { a: int, b: int }, primary_key: [a, b], unique: { o_a: [a] } }
      p: { columns: { q: int4range, r: int4range }, primary_key: { columns: [q, r], without_overlaps: true } }
    functions: { f(): { returns: event_trigger, language: plpgsql, body: begin end } }
";

/// Where the text of a project stands: `@` in one of these.
const ROOT: &str = "@";
const SHOP: &str = "schemas: { shop: { @ } }";
const TABLE: &str =
    "schemas: { shop: { tables: { t: { columns: { a: int, b: int, q: int4range, r: int4range }, @ } } } }";
const COLUMN: &str = "schemas: { shop: { tables: { t: { columns: { a: int, @ } } } } }";
const SUBSCRIPTION: &str = "subscriptions: { s: { connection: { env: FEED }, publications: [p], enabled: false, @ } }";
const MEMBER: &str = "roles: { member: { member_of: [{ role: other, @ }] } }";

/// What came after version 14: with which, the key of `docs/catalogs.yaml` that says it, and a project that asks for it.
const NEWER: &[(u32, &str, &str, &str)] = &[
    (15, "index.nulls_not_distinct", TABLE, "indexes: { i: { columns: [a], unique: true, nulls_not_distinct: true } }"),
    (15, "unique.nulls_not_distinct", TABLE, "unique: { u: { columns: [a], nulls_not_distinct: true } }"),
    (
        15,
        "foreign_key.on_delete",
        TABLE,
        "foreign_keys: { f: { columns: [a, b], references: shop.o, on_delete: set null (b) } }",
    ),
    (15, "sequence.unlogged", SHOP, "sequences: { s: { unlogged: true } }"),
    (15, "view.security_invoker", SHOP, "views: { v: { query: select 1 as a, security_invoker: true } }"),
    (15, "parameter", ROOT, "parameters: { work_mem: { grants: { app: set } } }"),
    (15, "grant", ROOT, "parameters: { log_statement: { grants: { app: alter system } } }"),
    (15, "published_table.columns", ROOT, "publications: { p: { tables: { shop.o: { columns: [a, b] } } } }"),
    (15, "published_table.where", ROOT, "publications: { p: { tables: { shop.o: { where: a > 0 } } } }"),
    (15, "published_schema", ROOT, "publications: { p: { schemas: [shop] } }"),
    (15, "subscription.two_phase", SUBSCRIPTION, "two_phase: true"),
    (15, "subscription.disable_on_error", SUBSCRIPTION, "disable_on_error: true"),
    (16, "subscription.password_required", SUBSCRIPTION, "password_required: false"),
    (16, "subscription.run_as_owner", SUBSCRIPTION, "run_as_owner: true"),
    (16, "subscription.origin", SUBSCRIPTION, "origin: none"),
    (16, "subscription.streaming", SUBSCRIPTION, "streaming: parallel"),
    (16, "membership.inherit", MEMBER, "inherit: false"),
    (16, "membership.set", MEMBER, "set: false"),
    (16, "collation.rules", SHOP, "collations: { c: { provider: icu, locale: de, rules: '&V << w' } }"),
    (17, "subscription.failover", SUBSCRIPTION, "failover: true"),
    (17, "collation.provider", SHOP, "collations: { c: { provider: builtin, locale: C.UTF-8 } }"),
    (17, "event_trigger.on", ROOT, "event_triggers: { e: { on: login, execute: shop.f() } }"),
    (17, "domain.not_null_name", SHOP, "domains: { d: { type: int, not_null: true, not_null_name: n } }"),
    (17, "grant", TABLE, "grants: { app: [select, maintain] }"),
    (
        17,
        "default_privilege.privileges",
        ROOT,
        "default_privileges: { app: { shop: { tables: { other: maintain } } } }",
    ),
    (18, "check.not_enforced", TABLE, "checks: { c: { expression: a > 0, not_enforced: true } }"),
    (
        18,
        "foreign_key.not_enforced",
        TABLE,
        "foreign_keys: { f: { columns: [a], references: shop.o(a), not_enforced: true } }",
    ),
    (18, "foreign_key.period", TABLE, "foreign_keys: { f: { columns: [q, r], references: shop.p, period: true } }"),
    (18, "unique.without_overlaps", TABLE, "unique: { u: { columns: [q, r], without_overlaps: true } }"),
    (18, "primary_key.without_overlaps", TABLE, "primary_key: { columns: [q, r], without_overlaps: true }"),
    (18, "not_null", TABLE, "not_nulls: { n: a }"),
    (18, "publication.generated_columns", ROOT, "publications: { p: { generated_columns: stored } }"),
    (18, "column.stored", COLUMN, "g: { type: int, generated: a * 2 }"),
];

/// The project is refused by older versions at its own line, and planned by the others.
#[test]
fn what_a_version_lacks_is_an_error_in_its_place() {
    let major = cluster().version().major;
    let database = Database::create();
    // A key that all versions know stands in the place of one that only the newest has.
    let base = if major < 18 { BASE.replace(", without_overlaps: true", "") } else { BASE.to_owned() };
    for (from, key, place, text) in NEWER {
        let more = place.replace('@', text);
        let project = Project::new(&database, &[("base.yaml", &base), ("more.yaml", &more)]).env("FEED", "dbname=x");
        let newer = major >= *from;
        let output = project.run(&["plan", "-f", "base.yaml", "-f", "more.yaml"], i32::from(!newer));
        if newer {
            assert!(!output.stdout.contains("No changes"), "{key}");
            continue;
        }
        let said = output.stderr;
        assert!(said.contains(&format!("from version {from} on")), "{key}: {said}");
        assert!(said.contains("more.yaml:1:") && !said.contains("base.yaml:"), "{key}: {said}");
    }
}

/// `all` of the privileges is what the server has: it converges on each, for tables and for tables to come.
#[test]
fn all_privileges_are_those_of_the_server() {
    let cluster = own_cluster();
    let database = Database::create_in(cluster.server());
    let yaml = "roles: { app: {}, other: {} }
schemas: { shop: { tables: { o: { columns: { a: int }, grants: { app: all, other: [all, select with grant option] } } } } }
default_privileges: { app: { shop: { tables: { other: all } } } }";
    let project = Project::new(&database, &[("schema.yaml", yaml)]);
    project.apply();
    project.settled();
    let acl = database.psql("select relacl from pg_class where relname = 'o'");
    let letters = if cluster.server().version().major < 17 { "app=arwdDxt/" } else { "app=arwdDxtm/" };
    assert!(acl.contains(letters), "{acl}");
    database.psql("revoke trigger on shop.o from app");
    project.apply();
    assert_eq!(database.psql("select relacl from pg_class where relname = 'o'"), acl);
}

/// Of the keys that manage columns of newer catalogs only, each is among those above, with the version of its column.
#[test]
fn every_key_that_came_later_is_asked_for() {
    let mut since: BTreeMap<String, u32> = BTreeMap::new();
    for catalog in table().values() {
        for (column, keys) in &catalog.managed {
            let first =
                (14..=18).find(|major| catalog.is_in(*major) && catalog.has(column, *major)).expect("some have it");
            for key in keys.split(' ') {
                let before = since.entry(key.to_owned()).or_insert(first);
                *before = first.min(*before);
            }
        }
    }
    let asked = |key: &str, first: u32| NEWER.iter().any(|(from, k, ..)| (*k, *from) == (key, first));
    let missing: Vec<_> = since.iter().filter(|(key, first)| **first > 14 && !asked(key, **first)).collect();
    assert!(missing.is_empty(), "tests/it/versions.rs asks for none of {missing:?}");
    let kinds: Vec<&str> = NEWER.iter().map(|(_, key, ..)| *key).filter(|key| !since.contains_key(*key)).collect();
    assert!(kinds.is_empty(), "docs/catalogs.yaml has no such keys: {kinds:?}");
}

#[test]
fn every_type_of_the_server_is_known() {
    let names = Database::create().psql(
        "select string_agg(typname, ' ') from pg_type
         where typnamespace = 'pg_catalog'::regnamespace and typtype <> 'c' and typname !~ '^_'",
    );
    let unknown: Vec<&str> = names.split_whitespace().filter(|name| !is_own(name)).collect();
    assert!(unknown.is_empty(), "a column of these would be refused: {unknown:?}");
}
