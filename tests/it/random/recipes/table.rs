//! The tables themselves: a new kind or option is a line here.

use super::{Choice, Kind, Named, Recipe};
use crate::random::generate::ROLES;
use crate::random::state::{Class, WHOLE};

const fn kind(section: &'static str, under: &'static str) -> Kind {
    Kind { section, under, name: Named::Freely, signature: "" }
}

const fn signed(section: &'static str, signature: &'static str, names: Named) -> Kind {
    Kind { section, under: "schemas", name: names, signature }
}

const fn called(section: &'static str, under: &'static str, names: &'static [&'static str]) -> Kind {
    Kind { section, under, name: Named::By(names), signature: "" }
}

const SYMBOLS: &[&str] = &["<<<", ">>>", "#-#", "~~~>", "|||"];
pub(super) const TYPES: &[&str] = &["enums", "composites", "ranges"];

/// The kinds that are made by recipe alone.
pub(super) const KINDS: &[Kind] = &[
    kind("foreign_data_wrappers", ""),
    kind("servers", ""),
    called("user_mappings", "servers", &["random_a", "random_b", "public"]),
    kind("foreign_tables", "schemas"),
    kind("heirs", "schemas"),
    kind("heirs", "schemas"),
    called("casts", "", &["$TYPE as text", "$TYPE as bigint", "$TYPE as varchar"]),
    called("transforms", "", &["$TYPE language plpgsql", "$TYPE language sql"]),
    signed("operators", "(integer, integer)", Named::By(SYMBOLS)),
    signed("operators", "(none, integer)", Named::By(SYMBOLS)),
    signed("operator_classes", " using btree", Named::Freely),
    signed("operator_families", " using hash", Named::Freely),
    kind("collations", "schemas"),
    kind("conversions", "schemas"),
    kind("shell_types", "schemas"),
    kind("text_search_templates", "schemas"),
    kind("text_search_parsers", "schemas"),
    kind("text_search_dictionaries", "schemas"),
    kind("text_search_configurations", "schemas"),
    kind("languages", ""),
    kind("access_methods", ""),
    called("extensions", "", &["fuzzystrmatch", "tcn"]),
    called("large_objects", "", &["20001", "20002"]),
    kind("publications", ""),
    kind("publications", ""),
    kind("event_triggers", ""),
    kind("view_triggers", "views"),
    called("default_privileges", "", ROLES),
    called("default_privileges", "", ROLES),
    signed("functions", "()", Named::Freely),
];

/// What PostgreSQL knows from a version on: in objects of a section, the field at the end of these keys (`*` is any).
pub(super) const NEWER: &[(u32, &str, &[&str])] = &[
    (15, "views", &["security_invoker"]),
    (15, "unique", &["nulls_not_distinct"]),
    (15, "publications", &["schemas"]),
    (15, "publications", &["tables", "*", "columns"]),
    (15, "publications", &["tables", "*", "where"]),
];

const fn recipe(section: &'static str, choices: &'static [Choice]) -> Recipe {
    Recipe { section, classes: &[], choices }
}

const NUMBER: &[Class] = &[Class::Number];
const LONG: &[Class] = &[Class::Text, Class::Json, Class::Array];

pub(super) const RECIPES: &[Recipe] = &[
    recipe("foreign_data_wrappers", &[("options", &["", r#"{"mode": "x"}"#, r#"{"mode": "y", "debug": "false"}"#])]),
    recipe(
        "servers",
        &[
            ("wrapper", &["$=foreign_data_wrappers"]),
            ("type", &["", "a", "b"]),
            ("version", &["", "\"1\"", "\"2\""]),
            ("options", &["", r#"{"host": "db1"}"#, r#"{"host": "db2", "port": "5433"}"#]),
        ],
    ),
    recipe("user_mappings", &[("options", &["", r#"{"user": "a"}"#, r#"{"user": "b", "mode": "it's"}"#])]),
    recipe(
        "foreign_tables",
        &[("server", &["$=servers"]), ("options", &["", r#"{"table_name": "x"}"#, r#"{"table_name": "y", "z": "1"}"#])],
    ),
    recipe("heirs", &[("inherits", &[r#"["$tables"]"#]), ("options", &["", r#"{"fillfactor": "70"}"#])]),
    recipe("casts", &[("inout", &["true"]), ("as", &["", "assignment"])]),
    recipe("transforms", &[("from_sql", &["prsd_lextype"])]),
    recipe(
        "operators",
        &[
            ("function", &["int4lt", "int4gt", "int4eq"]),
            ("restrict", &["", "scalarltsel", "scalargtsel"]),
            ("join", &["", "scalarltjoinsel"]),
        ],
    ),
    recipe(
        "operator_classes",
        &[
            ("type", &["int4"]),
            (
                "operators",
                &[
                    r#"["1 <(int4, int4)", "3 =(int4, int4)", "5 >(int4, int4)"]"#,
                    r#"["1 <(int4, int4)", "2 <=(int4, int4)", "3 =(int4, int4)", "4 >=(int4, int4)", "5 >(int4, int4)"]"#,
                ],
            ),
            ("functions", &[r#"["1 (int4, int4) btint4cmp(int4, int4)"]"#]),
        ],
    ),
    recipe(
        "operator_families",
        &[(WHOLE, &["", r#"{"operators": ["1 =(int4, int8)"], "functions": ["1 (int8, int8) hashint8(int8)"]}"#])],
    ),
    recipe("collations", &[(WHOLE, &[r#"{"locale": "C"}"#, r#"{"lc_collate": "C", "lc_ctype": "POSIX"}"#])]),
    recipe(
        "conversions",
        &[(
            WHOLE,
            &[
                r#"{"from": "LATIN1", "to": "UTF8", "function": "iso8859_1_to_utf8"}"#,
                r#"{"from": "UTF8", "to": "LATIN1", "function": "utf8_to_iso8859_1"}"#,
            ],
        )],
    ),
    recipe("text_search_templates", &[("lexize", &["dsimple_lexize"]), ("init", &["dsimple_init"])]),
    recipe(
        "text_search_parsers",
        &[
            ("start", &["prsd_start"]),
            ("gettoken", &["prsd_nexttoken"]),
            ("end", &["prsd_end"]),
            ("lextypes", &["prsd_lextype"]),
            ("headline", &["", "prsd_headline"]),
        ],
    ),
    recipe(
        "text_search_dictionaries",
        &[(
            WHOLE,
            &[
                r#"{"template": "simple"}"#,
                r#"{"template": "simple", "options": {"accept": "false"}}"#,
                r#"{"template": "snowball", "options": {"language": "german"}}"#,
                r#"{"template": "$text_search_templates"}"#,
            ],
        )],
    ),
    recipe(
        "text_search_configurations",
        &[
            ("parser", &["default", "default", "$text_search_parsers"]),
            (
                "mappings",
                &[
                    "",
                    r#"{"asciiword": ["$text_search_dictionaries", "simple"]}"#,
                    r#"{"word": ["english_stem"], "asciiword": ["$text_search_dictionaries"]}"#,
                ],
            ),
        ],
    ),
    recipe(
        "languages",
        &[
            ("handler", &["plpgsql_call_handler"]),
            ("inline", &["", "plpgsql_inline_handler"]),
            ("validator", &["", "plpgsql_validator"]),
            ("trusted", &["true"]),
        ],
    ),
    recipe("access_methods", &[("type", &["table"]), ("handler", &["heap_tableam_handler"])]),
    recipe("large_objects", &[("owner", &["random_a", "random_b"])]),
    recipe("extensions", &[("schema", &["$=schemas"])]),
    recipe(
        "publications",
        &[
            (
                WHOLE,
                &[
                    "",
                    r#"{"all_tables": true}"#,
                    r#"{"schemas": ["$=schemas"]}"#,
                    r#"{"tables": {"$tables": {}}}"#,
                    r#"{"tables": {"$tables": {"columns": ["%=plain"]}}}"#,
                    r#"{"tables": {"$tables": {"where": "%number > 5"}}}"#,
                    r#"{"tables": {"$tables": {"columns": ["%=plain"], "where": "%number is not null and 1 < 2"}}}"#,
                    r#"{"tables": {"$partitioned": {}}}"#,
                ],
            ),
            ("publish", &["", r#"["insert"]"#, r#"["insert", "truncate"]"#]),
            ("via_root", &["", "true"]),
        ],
    ),
    recipe(
        "event_triggers",
        &[
            ("on", &["ddl_command_end", "ddl_command_end", "ddl_command_start", "sql_drop"]),
            ("tags", &["", r#"["create table"]"#, r#"["alter table", "drop view"]"#]),
            ("execute", &["&fn:event_trigger()"]),
            ("enabled", &["", "", "disabled", "always"]),
        ],
    ),
    recipe(
        "view_triggers",
        &[
            ("timing", &["instead_of"]),
            ("events", &[r#"["insert"]"#, r#"["insert", "update"]"#, r#"["delete"]"#]),
            ("each", &["row"]),
            ("execute", &["&fn:trigger()"]),
        ],
    ),
    recipe(
        "default_privileges",
        &[(
            WHOLE,
            &[
                r#"{"everywhere": {"functions": {"public": "none"}}}"#,
                r#"{"everywhere": {"tables": {"&other": ["select", "insert"]}, "types": {"&role": "usage"}}}"#,
                r#"{"$=schemas": {"tables": {"&role": "select"}, "sequences": {"&role": "usage"}}}"#,
                r#"{"$=schemas": {"functions": {"&role": "execute"}}, "everywhere": {"sequences": {"&role": "all"}}}"#,
                r#"{"everywhere": {"schemas": {"&other": "usage"}}, "$=schemas": {"tables": {"public": "select"}}}"#,
            ],
        )],
    ),
    recipe(
        "tables",
        &[
            ("options", &["", r#"{"fillfactor": "80"}"#, r#"{"autovacuum_enabled": "false", "fillfactor": "50"}"#]),
            ("replica_identity", &["", "full", "nothing"]),
            ("cluster_on", &["", "%=key"]),
            ("access_method", &["", "", "$=access_methods"]),
            ("grants", &["", r#"{"&role": ["select with grant option", "update"]}"#, r#"{"public": "select"}"#]),
        ],
    ),
    recipe("partitions", &[("options", &["", r#"{"fillfactor": "80"}"#]), ("grants", &["", r#"{"&role": "select"}"#])]),
    Recipe {
        section: "columns",
        classes: LONG,
        choices: &[
            ("storage", &["", "external", "main"]),
            ("compression", &["", "pglz"]),
            ("statistics", &["", "100"]),
            ("options", &["", r#"{"n_distinct": "-0.5"}"#]),
        ],
    },
    Recipe {
        section: "columns",
        classes: NUMBER,
        choices: &[
            ("statistics", &["", "0", "500"]),
            ("grants", &["", r#"{"&role": ["select", "references"]}"#, r#"{"&role": "select with grant option"}"#]),
        ],
    },
    recipe("indexes", &[("options", &["", r#"{"fillfactor": "60"}"#, r#"{"deduplicate_items": "off"}"#])]),
    recipe(
        "unique",
        &[
            ("include", &["", r#"["%=plain"]"#]),
            ("nulls_not_distinct", &["", "true"]),
            ("options", &["", r#"{"fillfactor": "60"}"#]),
            ("index_comment", &["", "its index"]),
        ],
    ),
    recipe(
        "primary_key",
        &[
            ("include", &["", r#"["%=plain"]"#]),
            ("options", &["", r#"{"fillfactor": "60"}"#]),
            ("index_comment", &["", "its index"]),
        ],
    ),
    recipe(
        "sequences",
        &[
            ("min", &["", "1", "-5"]),
            ("max", &["", "1000", "30000"]),
            ("cache", &["", "5"]),
            ("cycle", &["", "true"]),
            ("type", &["", "integer", "smallint"]),
        ],
    ),
    recipe(
        "functions",
        &[
            ("security", &["", "definer"]),
            ("parallel", &["", "safe", "restricted"]),
            ("cost", &["", "7"]),
            (
                "settings",
                &["", r#"{"work_mem": "4MB"}"#, r#"{"search_path": "pg_catalog, pg_temp", "work_mem": "5MB"}"#],
            ),
            ("leakproof", &["", "true"]),
            ("depends_on_extensions", &["", r#"["$=extensions"]"#]),
        ],
    ),
    recipe("procedures", &[("security", &["", "definer"]), ("settings", &["", r#"{"work_mem": "4MB"}"#])]),
    recipe(
        "aggregates",
        &[("parallel", &["", "safe"]), ("combinefunc", &["", "int4larger"]), ("finalfunc", &["", "int4abs"])],
    ),
    recipe("triggers", &[("enabled", &["", "disabled", "always", "replica"])]),
    recipe("rules", &[("enabled", &["", "disabled", "always"])]),
    recipe("policies", &[("as", &["", "restrictive"]), ("to", &["", r#"["&role"]"#, r#"["random_a", "random_b"]"#])]),
    recipe("domains", &[("not_null", &["", "true"])]),
    recipe("statistics", &[("target", &["", "0", "100"])]),
    recipe("ranges", &[("subtype", &["int", "float8", "date"]), ("grants", &["", r#"{"&role": "usage"}"#])]),
    recipe("enums", &[("grants", &["", r#"{"public": "none"}"#, r#"{"&role": "usage with grant option"}"#])]),
    recipe(
        "composites",
        &[(
            "attributes",
            &[r#"{"x": "int", "y": {"type": "text", "comment": "a y"}}"#, r#"{"y": "varchar(10)", "z": "date"}"#],
        )],
    ),
    recipe(
        "foreign_keys",
        &[
            ("on_delete", &["", "cascade", "set default"]),
            ("on_update", &["", "cascade"]),
            ("initially_deferred", &["", "true"]),
            ("match", &["", "full"]),
        ],
    ),
    recipe(
        "views",
        &[
            ("security_barrier", &["", "true"]),
            ("security_invoker", &["", "true"]),
            (
                "columns",
                &["", r#"{"%=any": {"comment": "a column"}}"#, r#"{"%=any": {"grants": {"&role": "select"}}}"#],
            ),
        ],
    ),
    recipe(
        "materialized_views",
        &[
            ("options", &["", r#"{"fillfactor": "70"}"#]),
            ("columns", &["", r#"{"%=any": {"comment": "a column"}}"#, r#"{"%=any": {"statistics": 50}}"#]),
            ("depends_on_extensions", &["", r#"["$=extensions"]"#]),
        ],
    ),
];
