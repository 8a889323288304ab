//! PostgreSQL's casts between its own types; between other types, values are converted by way of text.
//!
//! See <https://www.postgresql.org/docs/current/catalog-pg-cast.html>. Conversions of types that are not listed here
//! are left to PostgreSQL.

/// Groups of types that can all be cast to each other.
const FAMILIES: &[&[&str]] = &[
    &["smallint", "integer", "bigint", "numeric", "real", "double precision"],
    &["json", "jsonb"],
    &["inet", "cidr"],
    &["macaddr", "macaddr8"],
    &["bit", "bit varying"],
    &["date", "timestamp without time zone", "timestamp with time zone"],
];

/// Pairs of types of which the first can be cast to the second.
const PAIRS: &[(&str, &str)] = &[
    ("integer", "boolean"),
    ("boolean", "integer"),
    ("integer", "bit"),
    ("bigint", "bit"),
    ("bit", "integer"),
    ("bit", "bigint"),
    ("integer", "money"),
    ("bigint", "money"),
    ("numeric", "money"),
    ("money", "numeric"),
    ("jsonb", "boolean"),
    ("jsonb", "smallint"),
    ("jsonb", "integer"),
    ("jsonb", "bigint"),
    ("jsonb", "numeric"),
    ("jsonb", "real"),
    ("jsonb", "double precision"),
    ("timestamp without time zone", "time without time zone"),
    ("timestamp with time zone", "time without time zone"),
    ("timestamp with time zone", "time with time zone"),
    ("time without time zone", "time with time zone"),
    ("time with time zone", "time without time zone"),
    ("time without time zone", "interval"),
    ("interval", "time without time zone"),
    ("int4range", "int4multirange"),
    ("int8range", "int8multirange"),
    ("numrange", "nummultirange"),
    ("daterange", "datemultirange"),
    ("tsrange", "tsmultirange"),
    ("tstzrange", "tstzmultirange"),
    ("point", "box"),
    ("lseg", "point"),
    ("path", "polygon"),
    ("box", "point"),
    ("box", "lseg"),
    ("box", "polygon"),
    ("box", "circle"),
    ("polygon", "point"),
    ("polygon", "path"),
    ("polygon", "box"),
    ("polygon", "circle"),
    ("circle", "point"),
    ("circle", "box"),
    ("circle", "polygon"),
    ("xid8", "xid"),
];

/// Types that belong to no family.
const ALONE: &[&str] = &[
    "uuid",
    "bytea",
    "xml",
    "tsvector",
    "tsquery",
    "int4range",
    "int8range",
    "numrange",
    "tsrange",
    "tstzrange",
    "daterange",
    "line",
    "pg_lsn",
    "jsonpath",
];

/// Returns whether both are types of PostgreSQL's own and there is no cast from one to the other. The names must not
/// have modifiers.
pub fn has_no_cast(old: &str, new: &str) -> bool {
    let known = |name: &str| {
        ALONE.contains(&name)
            || FAMILIES.iter().any(|f| f.contains(&name))
            || PAIRS.iter().any(|(a, b)| *a == name || *b == name)
    };
    let related = FAMILIES.iter().any(|f| f.contains(&old) && f.contains(&new)) || PAIRS.contains(&(old, new));
    old != new && known(old) && known(new) && !related
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_between_known_types() {
        for (old, new, none) in [
            ("date", "integer", true),
            ("integer", "uuid", true),
            ("bigint", "boolean", true),
            ("integer", "boolean", false),
            ("integer", "bigint", false),
            ("text", "uuid", false),
            ("point", "box", false),
            ("point", "integer", true),
            ("daterange", "datemultirange", false),
            ("datemultirange", "daterange", true),
            ("oid", "bigint", false),
        ] {
            assert_eq!(has_no_cast(old, new), none, "{old} to {new}");
        }
    }
}
