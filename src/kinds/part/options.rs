//! Options of foreign data: `options (host 'db', add port '5432')`.
//!
//! See <https://www.postgresql.org/docs/current/sql-alterserver.html>.

use std::collections::BTreeMap;

use crate::sql;

/// Options by name.
pub type Options = BTreeMap<String, String>;

/// Returns ` options (host 'db', port '5432')`, starting with a space; empty without options.
pub fn clause(options: &Options) -> String {
    in_brackets(&options.iter().map(|(key, value)| Put::New.words(key, value)).collect::<Vec<_>>())
}

/// Returns the clause that turns `old` into `new`: ` options (add a 'x', set b 'y', drop c)`; empty if they are equal.
pub fn changes(new: &Options, old: &Options) -> String {
    let gone = old.keys().filter(|key| !new.contains_key(*key)).map(|key| dropped(key));
    let put = new.iter().filter(|(key, value)| old.get(*key) != Some(value));
    let put = put.map(|(key, value)| Put::over(old.contains_key(key)).words(key, value));
    in_brackets(&gone.chain(put).collect::<Vec<_>>())
}

/// How an option gets its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// With the object, which is new too.
    New,
    /// Beside the options that are there.
    Add,
    /// In the place of another value.
    Set,
}

impl Put {
    /// Returns how to give an option its value on an existing object.
    pub fn over(is_there: bool) -> Self {
        if is_there { Self::Set } else { Self::Add }
    }

    /// Returns `a 'x'`, `add a 'x'` or `set a 'x'`.
    pub fn words(self, key: &str, value: &str) -> String {
        let verb = match self {
            Self::New => "",
            Self::Add => "add ",
            Self::Set => "set ",
        };
        format!("{verb}{} {}", sql::ident(key), sql::literal(value))
    }
}

/// Returns `drop a`.
pub fn dropped(key: &str) -> String {
    format!("drop {}", sql::ident(key))
}

/// Returns ` options (…)`, starting with a space; empty without words.
pub fn in_brackets(words: &[String]) -> String {
    if words.is_empty() { String::new() } else { format!(" options ({})", words.join(", ")) }
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
