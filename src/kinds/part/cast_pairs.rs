//! Which of PostgreSQL's own types it casts to each other; between others values go by way of text.
//!
//! See <https://www.postgresql.org/docs/current/catalog-pg-cast.html>. A type that stands nowhere here is left to
//! PostgreSQL.

/// Types each of which is cast to each.
const FAMILIES: &[&[&str]] = &[
    &["smallint", "integer", "bigint", "numeric", "real", "double precision"],
    &["json", "jsonb"],
    &["inet", "cidr"],
    &["macaddr", "macaddr8"],
    &["bit", "bit varying"],
    &["date", "timestamp without time zone", "timestamp with time zone"],
];

/// Types that are cast from the first to the second.
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
];

/// Types of no family.
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
];

/// True where PostgreSQL has both types itself and no cast from one to the other. Names without modifiers.
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
        ] {
            assert_eq!(has_no_cast(old, new), none, "{old} to {new}");
        }
    }
}
