//! A text that changes with every change of a definition: as long as it is the same, nothing needs to be read again.
//!
//! PostgreSQL never changes a row of a catalog but writes a new version of it, with the id of the writing transaction
//! in `xmin`. A transaction whose rows are visible has ended, and no later one gets its id. So if all ids occur as
//! often as before, the rows are the same. What PostgreSQL updates in place (the number of pages of a relation) is no
//! definition. See <https://www.postgresql.org/docs/current/ddl-system-columns.html>.

use crate::model::PgVersion;

/// The catalogs that contain definitions, each with the first supported major version that has it.
const CATALOGS: &[(&str, u32)] = &[
    ("pg_aggregate", 14),
    ("pg_am", 14),
    ("pg_amop", 14),
    ("pg_amproc", 14),
    ("pg_attrdef", 14),
    ("pg_attribute", 14),
    ("pg_auth_members", 14),
    ("pg_cast", 14),
    ("pg_class", 14),
    ("pg_collation", 14),
    ("pg_constraint", 14),
    ("pg_conversion", 14),
    ("pg_default_acl", 14),
    ("pg_depend", 14),
    ("pg_description", 14),
    ("pg_enum", 14),
    ("pg_event_trigger", 14),
    ("pg_extension", 14),
    ("pg_foreign_data_wrapper", 14),
    ("pg_foreign_server", 14),
    ("pg_foreign_table", 14),
    ("pg_index", 14),
    ("pg_inherits", 14),
    ("pg_init_privs", 14),
    ("pg_language", 14),
    ("pg_largeobject_metadata", 14),
    ("pg_namespace", 14),
    ("pg_opclass", 14),
    ("pg_operator", 14),
    ("pg_opfamily", 14),
    ("pg_parameter_acl", 15),
    ("pg_partitioned_table", 14),
    ("pg_policy", 14),
    ("pg_proc", 14),
    ("pg_publication", 14),
    ("pg_publication_namespace", 15),
    ("pg_publication_rel", 14),
    ("pg_range", 14),
    ("pg_rewrite", 14),
    ("pg_seclabel", 14),
    ("pg_sequence", 14),
    ("pg_shdescription", 14),
    ("pg_shseclabel", 14),
    ("pg_statistic_ext", 14),
    ("pg_tablespace", 14),
    ("pg_transform", 14),
    ("pg_trigger", 14),
    ("pg_ts_config", 14),
    ("pg_ts_config_map", 14),
    ("pg_ts_dict", 14),
    ("pg_ts_parser", 14),
    ("pg_ts_template", 14),
    ("pg_type", 14),
];

/// Shared catalogs, with the column that says which database a row is about; 0 stands for all databases.
const PARTLY: &[(&str, &str)] =
    &[("pg_database", "oid"), ("pg_db_role_setting", "setdatabase"), (SUBSCRIPTION, "subdbid")];

/// Catalogs that only superusers may read, with the views that other roles can read.
const HIDDEN: &[(&str, &str)] = &[("pg_authid", "pg_roles"), ("pg_user_mapping", "pg_user_mappings")];

/// Returns the names of the catalogs that the fingerprint for superusers covers.
pub fn catalogs(server: PgVersion) -> impl Iterator<Item = &'static str> {
    let whole = CATALOGS.iter().filter(move |(_, since)| server.at_least(*since)).map(|(name, _)| *name);
    whole.chain(PARTLY.iter().chain(HIDDEN).map(|(name, _)| *name))
}

/// Returns an SQL expression for the fingerprint, for a superuser or another role. Its value is a text, or null if the
/// role does not see enough.
pub fn expression(server: PgVersion, superuser: bool) -> String {
    let rows = "xmin::text";
    let mut parts: Vec<String> = CATALOGS
        .iter()
        .filter(|(_, since)| server.at_least(*since))
        .map(|(name, _)| summary(rows, name, "true"))
        .collect();
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

const SUBSCRIPTION: &str = "pg_subscription";

/// Returns an SQL expression for the number of rows and the sum of their hashes.
fn summary(rows: &str, name: &str, which: &str) -> String {
    format!(
        "(select pg_catalog.concat(pg_catalog.count(*), ':', pg_catalog.sum(pg_catalog.hashtextextended({rows} collate \"C\", 0))) \
         from pg_catalog.{name} as c where {which})"
    )
}
