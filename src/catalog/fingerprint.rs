//! A text that is another after every change of a definition: where it is the same, nothing need be read.
//!
//! A row of a catalog never changes: PostgreSQL writes another, with the number of its own transaction in `xmin`. A
//! transaction that is seen has ended, and no later one has its number. So the same numbers, each as often, are the same
//! rows. What PostgreSQL updates in place (how many pages a relation has) defines nothing. See
//! <https://www.postgresql.org/docs/current/ddl-system-columns.html>.

use crate::model::PgVersion;

/// The catalogs that hold definitions, in every version. Left out are those that hold data or statistics, and
/// `pg_shdepend`, whose rows follow from owners and privileges.
const CATALOGS: &[&str] = &[
    "pg_aggregate",
    "pg_am",
    "pg_amop",
    "pg_amproc",
    "pg_attrdef",
    "pg_attribute",
    "pg_auth_members",
    "pg_cast",
    "pg_class",
    "pg_collation",
    "pg_constraint",
    "pg_conversion",
    "pg_default_acl",
    "pg_depend",
    "pg_description",
    "pg_enum",
    "pg_event_trigger",
    "pg_extension",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_foreign_table",
    "pg_index",
    "pg_inherits",
    "pg_init_privs",
    "pg_language",
    "pg_largeobject_metadata",
    "pg_namespace",
    "pg_opclass",
    "pg_operator",
    "pg_opfamily",
    "pg_partitioned_table",
    "pg_policy",
    "pg_proc",
    "pg_publication",
    "pg_publication_rel",
    "pg_range",
    "pg_rewrite",
    "pg_seclabel",
    "pg_sequence",
    "pg_shdescription",
    "pg_shseclabel",
    "pg_statistic_ext",
    "pg_tablespace",
    "pg_transform",
    "pg_trigger",
    "pg_ts_config",
    "pg_ts_config_map",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_ts_template",
    "pg_type",
];

/// More of them, each with the major version that brought it.
const LATER: &[(u32, &str)] = &[(15, "pg_parameter_acl"), (15, "pg_publication_namespace")];

const SUBSCRIPTION: &str = "pg_subscription";

/// Those that are the cluster's, with the column that says which database a row is about; 0 is all of them.
const PARTLY: &[(&str, &str)] =
    &[("pg_database", "oid"), ("pg_db_role_setting", "setdatabase"), (SUBSCRIPTION, "subdbid")];

/// Those that only superusers may read, with the views that others have.
const HIDDEN: &[(&str, &str)] = &[("pg_authid", "pg_roles"), ("pg_user_mapping", "pg_user_mappings")];

/// The names of the catalogs that a fingerprint for superusers is taken of.
pub fn catalogs(server: PgVersion) -> impl Iterator<Item = &'static str> {
    whole(server).chain(PARTLY.iter().chain(HIDDEN).map(|(name, _)| *name))
}

/// Those that count row for row.
fn whole(server: PgVersion) -> impl Iterator<Item = &'static str> {
    let later = LATER.iter().filter(move |(since, _)| server.at_least(*since)).map(|(_, name)| *name);
    CATALOGS.iter().copied().chain(later)
}

/// An SQL expression for it, as a superuser or another role may ask: text, null where it does not see enough.
pub fn expression(server: PgVersion, superuser: bool) -> String {
    let rows = "xmin::text";
    let mut parts: Vec<String> = whole(server).map(|name| summary(rows, name, "true")).collect();
    for (name, database) in PARTLY.iter().filter(|(name, _)| superuser || *name != SUBSCRIPTION) {
        let this = "select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()";
        parts.push(summary(rows, name, &format!("{database} in (0, ({this}))")));
    }
    for (catalog, view) in HIDDEN {
        parts.push(if superuser { summary(rows, catalog, "true") } else { summary("c::text", view, "true") });
    }
    let all = parts.join(" || ' ' || ");
    let digest = format!("pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to({all}, 'UTF8')), 'hex')");
    if superuser {
        return digest;
    }
    // Of a subscription, others see a few columns, and not which transaction wrote it.
    format!("case when exists (select subname from pg_catalog.{SUBSCRIPTION}) then null else {digest} end")
}

/// How many rows there are, and the sum of their digests.
fn summary(rows: &str, name: &str, which: &str) -> String {
    let digests = format!("pg_catalog.sum(pg_catalog.hashtextextended({rows} collate \"C\", 0))");
    format!("(select pg_catalog.concat(pg_catalog.count(*), ':', {digests}) from pg_catalog.{name} as c where {which})")
}
