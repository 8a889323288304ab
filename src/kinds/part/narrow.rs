//! What happens to values when a column changes from one of PostgreSQL's types to another: nothing, a rewrite, or a
//! loss.
//!
//! See <https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES> for what is rewritten, and
//! <https://www.postgresql.org/docs/current/datatype.html> for what each type can hold. A type that is not known here
//! may lose values.

use super::TypeName;

/// The parts of a type: its name, the numbers in parentheses, and whether it is an array.
#[derive(Debug, PartialEq, Eq)]
struct Parts {
    name: String,
    limits: Vec<i64>,
    array: bool,
}

impl Parts {
    fn of(data_type: &TypeName) -> Self {
        let base = data_type.base();
        let array = data_type.element().is_some();
        let open = base.find('(').filter(|_| !base.contains('"'));
        let Some((open, close)) = open.and_then(|open| Some((open, open + base[open..].find(')')?))) else {
            return Self { name: base.to_owned(), limits: Vec::new(), array };
        };
        let limits = base[open + 1..close].split(',').filter_map(|n| n.trim().parse().ok()).collect();
        Self { name: format!("{}{}", &base[..open], &base[close + 1..]), limits, array }
    }

    fn limit(&self) -> Option<i64> {
        self.limits.first().copied()
    }

    /// Returns the number of digits before and after the decimal point.
    fn digits(&self) -> Option<(i64, i64)> {
        let scale = self.limits.get(1).copied().unwrap_or(0);
        self.limit().map(|precision| (precision - scale, scale))
    }
}

/// Returns whether PostgreSQL changes the type without rewriting the table, as the values are the same and the limit is
/// longer or absent.
pub fn widens(old: &TypeName, new: &TypeName) -> bool {
    let (old, new) = (Parts::of(old), Parts::of(new));
    if old.array || new.array {
        return false;
    }
    let longer = || new.limit().is_none_or(|n| old.limit().is_some_and(|o| o <= n));
    match (old.name.as_str(), new.name.as_str()) {
        ("character varying", "character varying") | ("bit varying", "bit varying") => longer(),
        ("character varying", "text") => true,
        ("text", "character varying") => new.limits.is_empty(),
        ("numeric", "numeric") => {
            let same_scale = |(n, o): ((i64, i64), (i64, i64))| n.1 == o.1 && n.0 >= o.0;
            new.digits().is_none_or(|n| old.digits().is_some_and(|o| same_scale((n, o))))
        }
        (a, b) if a == b && (a.starts_with("timestamp") || a.starts_with("time ")) => longer(),
        _ => false,
    }
}

/// Returns whether every value of the old type is also one of the new type, with the same meaning.
pub fn keeps_values(old: &TypeName, new: &TypeName) -> bool {
    let (old, new) = (Parts::of(old), Parts::of(new));
    let alike = || old.name == new.name && old.limits == new.limits || keeps(&old, &new);
    match (old.array, new.array) {
        (true, true) | (false, false) => alike(),
        (true, false) => is_any_text(&new),
        // Text is parsed as an array; a value of another type becomes the only element.
        (false, true) => !["text", "character varying", "character"].contains(&old.name.as_str()) && alike(),
    }
}

fn keeps(old: &Parts, new: &Parts) -> bool {
    let longer = || new.limit().is_none_or(|n| old.limit().is_some_and(|o| o <= n));
    let wide = new.digits();
    let holds = |digits: i64| wide.is_none_or(|(before, _)| before >= digits);
    match (old.name.as_str(), new.name.as_str()) {
        (_, _) if is_any_text(new) => true,
        ("character varying" | "character", "character varying" | "character")
        | ("bit" | "bit varying", "bit varying") => longer(),
        ("numeric", "numeric") => wide.is_none_or(|n| old.digits().is_some_and(|o| n.0 >= o.0 && n.1 >= o.1)),
        ("smallint", "numeric") => holds(5),
        ("integer", "numeric") => holds(10),
        ("bigint", "numeric") => holds(19),
        ("smallint", "integer" | "bigint" | "real" | "double precision")
        | ("integer", "bigint" | "double precision")
        | ("real", "double precision")
        | ("boolean", "integer")
        | ("json", "jsonb")
        | ("jsonb", "json")
        | ("cidr", "inet")
        | ("macaddr", "macaddr8")
        | ("money", "numeric")
        | ("name", "character varying") => new.limits.is_empty(),
        ("date", "timestamp without time zone" | "timestamp with time zone") => true,
        ("timestamp without time zone", "timestamp with time zone") => longer_by(old, new, 6),
        (a, b) if a == b && (a.starts_with("time") || a.starts_with("interval")) => longer_by(old, new, 6),
        ("interval year" | "interval month" | "interval day" | "interval hour" | "interval minute", "interval") => true,
        _ => false,
    }
}

/// Returns whether the new precision is no smaller. If none is given, it is the largest.
fn longer_by(old: &Parts, new: &Parts, most: i64) -> bool {
    old.limit().unwrap_or(most) <= new.limit().unwrap_or(most)
}

/// Returns whether a type can hold any text.
fn is_any_text(new: &Parts) -> bool {
    new.name == "text" || new.name == "character varying" && new.limits.is_empty() || new.name.ends_with(".citext")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(pair: (&str, &str)) -> [TypeName; 2] {
        [pair.0, pair.1].map(|t| TypeName::parse(t).expect(t))
    }

    #[test]
    fn what_is_not_rewritten() {
        for pair in [
            ("varchar(5)", "varchar(9)"),
            ("varchar(5)", "text"),
            ("text", "varchar"),
            ("numeric(8,2)", "numeric(10,2)"),
            ("numeric(8,2)", "numeric"),
            ("timestamp(3)", "timestamp"),
            ("timestamptz(3)", "timestamptz(6)"),
            ("bit varying(3)", "bit varying"),
        ] {
            let [old, new] = types(pair);
            assert!(widens(&old, &new) && keeps_values(&old, &new), "{pair:?}");
        }
        for pair in [("numeric(8,2)", "numeric(10,3)"), ("varchar(9)", "varchar(5)"), ("varchar(5)[]", "varchar(9)[]")]
        {
            let [old, new] = types(pair);
            assert!(!widens(&old, &new), "{pair:?}");
        }
    }

    #[test]
    fn what_may_be_lost() {
        for pair in [
            ("text", "varchar(5)"),
            ("varchar(9)", "varchar(5)"),
            ("bigint", "integer"),
            ("numeric(10,2)", "integer"),
            ("numeric(10,2)", "numeric(10,1)"),
            ("double precision", "real"),
            ("bigint", "double precision"),
            ("timestamptz", "date"),
            ("timestamp", "timestamp(0)"),
            ("integer", "boolean"),
            ("bigint[]", "integer[]"),
            ("text", "integer"),
            ("inet", "cidr"),
        ] {
            let [old, new] = types(pair);
            assert!(!keeps_values(&old, &new), "{pair:?}");
        }
        for pair in [
            ("integer", "bigint"),
            ("integer[]", "bigint[]"),
            ("integer[]", "text"),
            ("integer", "numeric(12,2)"),
            ("char(3)", "varchar(3)"),
            ("date", "timestamptz"),
            ("shop.status", "text"),
            ("text", "ext.citext"),
        ] {
            let [old, new] = types(pair);
            assert!(keeps_values(&old, &new), "{pair:?}");
        }
    }
}
