//! A text that changes with every change of a definition: as long as it is the same, nothing needs to be read again.
//!
//! PostgreSQL never changes a row of a catalog but writes a new version of it, with the id of the writing transaction
//! in `xmin`. A transaction whose rows are visible has ended, and no later one gets its id. So if all ids occur as
//! often as before, the rows are the same. What PostgreSQL updates in place (the number of pages of a relation) is no
//! definition. See <https://www.postgresql.org/docs/current/ddl-system-columns.html>.

use crate::model::PgVersion;

/// The catalogs that contain definitions and that every supported version has. Left out are catalogs with data or
/// statistics, and `pg_shdepend`, whose rows follow from owners and privileges.
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
    "pg_replication_origin",
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

/// Further catalogs, each with the major version that introduced it.
const LATER: &[(u32, &str)] = &[(15, "pg_parameter_acl"), (15, "pg_publication_namespace")];

const SUBSCRIPTION: &str = "pg_subscription";

/// Shared catalogs, with the column that says which database a row is about; 0 stands for all databases.
const PARTLY: &[(&str, &str)] =
    &[("pg_database", "oid"), ("pg_db_role_setting", "setdatabase"), (SUBSCRIPTION, "subdbid")];

/// Catalogs that only superusers may read, with the views that other roles can read.
const HIDDEN: &[(&str, &str)] = &[("pg_authid", "pg_roles"), ("pg_user_mapping", "pg_user_mappings")];

/// Returns the names of the catalogs that the fingerprint for superusers covers.
pub fn catalogs(server: PgVersion) -> impl Iterator<Item = &'static str> {
    whole(server).chain(PARTLY.iter().chain(HIDDEN).map(|(name, _)| *name))
}

/// Returns the names of the catalogs whose rows all count.
fn whole(server: PgVersion) -> impl Iterator<Item = &'static str> {
    let later = LATER.iter().filter(move |(since, _)| server.at_least(*since)).map(|(_, name)| *name);
    CATALOGS.iter().copied().chain(later)
}

/// Returns an SQL expression for the fingerprint, for a superuser or another role. Its value is a text, or null if the
/// role does not see enough.
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
    // Other roles see few columns of a subscription, and not the transaction that wrote it.
    format!("case when exists (select subname from pg_catalog.{SUBSCRIPTION}) then null else {digest} end")
}

/// Returns an SQL expression for the number of rows and the sum of their hashes.
fn summary(rows: &str, name: &str, which: &str) -> String {
    let digests = format!("pg_catalog.sum(pg_catalog.hashtextextended({rows} collate \"C\", 0))");
    format!("(select pg_catalog.concat(pg_catalog.count(*), ':', {digests}) from pg_catalog.{name} as c where {which})")
}
