//! Storage parameters: `with (fillfactor = '70')`, `set (…)`, `reset (…)`.
//!
//! See <https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-STORAGE-PARAMETERS>.

use indexmap::IndexMap;

use crate::sql;

/// Parameters by name, with their values as they were typed (`on` stays `on`), in an order that is not compared.
pub type Parameters = IndexMap<String, String>;

/// Returns a list such as `fillfactor = '70', autovacuum_enabled = 'false'`.
pub fn list<'a>(parameters: impl IntoIterator<Item = (&'a String, &'a String)>) -> String {
    let items = parameters.into_iter().map(|(name, value)| format!("{name} = {}", sql::literal(value)));
    items.collect::<Vec<_>>().join(", ")
}

/// Returns ` with (fillfactor = '70')`, starting with a space; empty without parameters.
pub fn with(parameters: &Parameters) -> String {
    if parameters.is_empty() { String::new() } else { format!(" with ({})", list(parameters)) }
}

/// Returns the clauses `reset (…)` and `set (…)` that turn `old` into `new`, as far as they differ.
pub fn changes(old: &Parameters, new: &Parameters) -> Vec<String> {
    let gone: Vec<&str> = old.keys().filter(|k| !new.contains_key(*k)).map(String::as_str).collect();
    let reset = (!gone.is_empty()).then(|| format!("reset ({})", gone.join(", ")));
    let set = in_order(old, new);
    let set = (!set.is_empty()).then(|| format!("set ({})", list(set)));
    reset.into_iter().chain(set).collect()
}

/// Returns the parameters to set, in order, so that `old` becomes `new`: PostgreSQL appends what is set to what stays.
pub fn in_order<'a>(old: &Parameters, new: &'a Parameters) -> Vec<(&'a String, &'a String)> {
    let stays = |name: &&String| new.get(*name).is_some() && new.get(*name) == old.get(*name);
    let differs = |name: &&String| !stays(name);
    if !new.keys().any(|name| differs(&name)) {
        return Vec::new();
    }
    let in_order = old.keys().filter(stays).chain(new.keys().filter(differs)).eq(new.keys());
    new.iter().filter(|(name, _)| !in_order || differs(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(pairs: &[(&str, &str)]) -> Parameters {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn only_what_differs_is_set() {
        let old = parameters(&[("a", "1"), ("b", "1"), ("c", "1")]);
        assert_eq!(changes(&old, &parameters(&[("a", "1"), ("c", "2")])), ["reset (b)", "set (c = '2')"]);
        assert_eq!(changes(&old, &parameters(&[("c", "1"), ("b", "1"), ("a", "1")])), [""; 0]);
        assert_eq!(changes(&old, &parameters(&[])), ["reset (a, b, c)"]);
    }

    #[test]
    fn all_are_set_where_the_order_would_be_another() {
        let old = parameters(&[("a", "1"), ("b", "1")]);
        assert_eq!(changes(&old, &parameters(&[("a", "2"), ("b", "1")])), ["set (a = '2', b = '1')"]);
    }
}
