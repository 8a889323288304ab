//! Options of foreign data: `options (host 'db', add port '5432')`.
//!
//! See <https://www.postgresql.org/docs/current/sql-alterserver.html>.

use std::collections::BTreeMap;

use crate::sql;

/// Options by name.
pub type Options = BTreeMap<String, String>;

/// ` options (host 'db', port '5432')`, with a blank before it; empty without options.
pub fn clause(options: &Options) -> String {
    let list: Vec<String> = options.iter().map(|(k, v)| format!("{} {}", sql::ident(k), sql::literal(v))).collect();
    if list.is_empty() { String::new() } else { format!(" options ({})", list.join(", ")) }
}

/// ` options (add a 'x', set b 'y', drop c)`: what turns `old` into `new`; empty where they are equal.
pub fn changes(new: &Options, old: &Options) -> String {
    let mut list: Vec<String> =
        old.keys().filter(|k| !new.contains_key(*k)).map(|k| format!("drop {}", sql::ident(k))).collect();
    for (key, value) in new.iter().filter(|(k, v)| old.get(*k) != Some(v)) {
        let verb = if old.contains_key(key) { "set" } else { "add" };
        list.push(format!("{verb} {} {}", sql::ident(key), sql::literal(value)));
    }
    if list.is_empty() { String::new() } else { format!(" options ({})", list.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_say_what_differs() {
        let map = |pairs: &[(&str, &str)]| -> Options {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        let (old, new) = (map(&[("a", "1"), ("b", "1")]), map(&[("b", "2"), ("c", "it's")]));
        assert_eq!(changes(&new, &old), " options (drop a, set b '2', add c 'it''s')");
        assert_eq!(changes(&new, &new), "");
        assert_eq!(clause(&new), " options (b '2', c 'it''s')");
    }
}
