//! A text search dictionary. See <https://www.postgresql.org/docs/current/sql-createtsdictionary.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::part::catalog::{USER_SCHEMA, qualified};
use super::part::parameters::in_order;
use super::part::{Parameters, QualifiedName, is_default};
use super::schema::Schema;
use super::text_search_template;
use crate::kind::{Alter, Cx, Form, Home, Kind, References, Renaming, Rules, Slot, Under};
use crate::model::{Address, KindName, PgVersion, Step};
use crate::sql::{self, TokenClass};

/// Where dictionaries have their names.
pub const SLOT: Slot = Slot("text search dictionary");

/// A dictionary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextSearchDictionary {
    /// What it is made of: `simple`, `snowball`, `shop.own`.
    pub template: QualifiedName,
    /// Its options, such as `language` and `stopwords`.
    #[serde(default, skip_serializing_if = "is_default", deserialize_with = "options")]
    pub options: Parameters,
}

/// Reads a map, or the one text in which PostgreSQL keeps it: `language = 'english', stopwords = 'x'`.
fn options<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Parameters, D::Error> {
    struct Either;
    impl<'de> serde::de::Visitor<'de> for Either {
        type Value = Parameters;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a map of options")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
            stored(text).ok_or_else(|| E::custom(format!("`{text}` is no list of options")))
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            Parameters::deserialize(serde::de::value::MapAccessDeserializer::new(map))
        }
    }
    deserializer.deserialize_any(Either)
}

/// `name = 'value', …` as a map.
fn stored(text: &str) -> Option<Parameters> {
    let option = |piece: &str| {
        let tokens = sql::tokens(piece);
        let [name, equals, value, ..] = tokens.as_slice() else { return None };
        let value = match value.class {
            TokenClass::Str => unquote(value.text),
            _ => piece[value.start..].trim().to_owned(),
        };
        equals.is("=").then_some((name.name()?, value))
    };
    sql::split_commas(text).into_iter().map(option).collect()
}

/// What a literal says: PostgreSQL writes `E'…'` where there is a backslash.
fn unquote(literal: &str) -> String {
    let escaped = literal.starts_with(['E', 'e']);
    let inner = literal.trim_start_matches(['E', 'e']);
    let inner = inner.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')).unwrap_or(inner).replace("''", "'");
    if escaped { inner.replace("\\\\", "\\") } else { inner }
}

/// `name = value`. A number stays one, as `1` is true to PostgreSQL, and `'1'` is not.
fn assignment((name, value): (&String, &String)) -> String {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let is_number = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') && digits.parse::<f64>().is_ok();
    // PostgreSQL stores `007` as `7`, and `-0` as `0`.
    let is_exact = digits.contains('.') || value == "0" || !digits.starts_with('0');
    let value = if is_number && is_exact { value.clone() } else { sql::literal(value) };
    format!("{} = {value}", sql::ident(name))
}

impl Kind for TextSearchDictionary {
    const NAME: KindName = KindName("text_search_dictionary");
    const NOUN: &'static str = "text search dictionary";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Schema::NAME]), key: "text_search_dictionaries", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 3600,
        falls_with_parent: false,
        renames: true,
        owner: true,
        comment: true,
        slots: &[SLOT],
        short_field: Some("template"),
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_ts_dict where oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select d.oid, 2615 as parent_class, d.dictnamespace as parent, d.dictname as key,
                    d.dictowner::regrole::text as owner, {} as template, nullif(d.dictinitoption, '') as options
             from pg_ts_dict d join pg_namespace n on n.oid = d.dictnamespace
             where {USER_SCHEMA} order by n.nspname, d.dictname",
            qualified("pg_ts_template", "tmplname", "tmplnamespace", "d.dicttemplate")
        ))
    }

    fn references(&self, _at: &Address, out: &mut References) {
        self.template.reference(text_search_template::SLOT, out, "template");
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.template.follow(text_search_template::SLOT, renaming);
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let Self { template, options } = self;
        let words = options.iter().map(|option| format!(", {}", assignment(option)));
        vec![Step::new(format!("create {} (template = {template}{})", cx.target(), words.collect::<String>()))]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { template, options } = self;
        if *template != old.template {
            return Alter::Replace("it is made of another template".to_owned());
        }
        let gone = old.options.keys().filter(|k| !options.contains_key(*k)).map(|k| sql::ident(k));
        let set = in_order(&old.options, options);
        let words: Vec<String> = gone.chain(set.into_iter().map(assignment)).collect();
        Alter::InPlace(vec![Step::new(format!("alter {} ({})", cx.target(), words.join(", ")))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_such() {
        for (value, written) in [
            ("1", "1"),
            ("-2.50", "-2.50"),
            ("0", "0"),
            ("007", "'007'"),
            ("-0", "'-0'"),
            ("", "''"),
            ("1.2.3", "'1.2.3'"),
            ("on", "'on'"),
        ] {
            assert_eq!(assignment((&"n".to_owned(), &value.to_owned())), format!("n = {written}"));
        }
    }

    #[test]
    fn stored_options_are_read() {
        let map =
            stored("language = 'english', \"StopWords\" = E'a\\\\b', x = 'it''s, so', n = 3, m = -1.5").expect("read");
        let map: Vec<(&str, &str)> = map.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(map, [("language", "english"), ("StopWords", "a\\b"), ("x", "it's, so"), ("n", "3"), ("m", "-1.5")]);
    }
}
