//! A text search configuration. See <https://www.postgresql.org/docs/current/sql-createtsconfig.html>.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::catalog::{USER_SCHEMA, qualified};
use super::part::{QualifiedName, is_default};
use super::schema::Schema;
use super::{text_search_dictionary, text_search_parser};
use crate::kind::{Alter, Cx, Form, Home, Kind, References, Renaming, Rules, Slot, Under};
use crate::model::{Address, KindName, PgVersion, Step};
use crate::sql;

/// A configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextSearchConfiguration {
    /// The parser that splits text into words.
    pub parser: QualifiedName,
    /// The dictionaries that are asked for each sort of word, in their order.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mappings: BTreeMap<String, Vec<QualifiedName>>,
}

impl Kind for TextSearchConfiguration {
    const NAME: KindName = KindName("text_search_configuration");
    const NOUN: &'static str = "text search configuration";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Schema::NAME]), key: "text_search_configurations", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 3602,
        falls_with_parent: false,
        renames: true,
        owner: true,
        comment: true,
        slots: &[Slot("text search configuration")],
        visible: true,
        short_field: Some("parser"),
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_ts_config where oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select c.oid, 2615 as parent_class, c.cfgnamespace as parent, c.cfgname as key,
                    c.cfgowner::regrole::text as owner, {} as parser,
                    (select jsonb_object_agg(t.alias, m.dictionaries)
                     from (select x.maptokentype, jsonb_agg({} order by x.mapseqno) as dictionaries
                           from pg_ts_config_map x where x.mapcfg = c.oid group by 1) m
                          join ts_token_type(c.cfgparser) t on t.tokid = m.maptokentype) as mappings
             from pg_ts_config c join pg_namespace n on n.oid = c.cfgnamespace
             where {USER_SCHEMA} order by n.nspname, c.cfgname",
            qualified("pg_ts_parser", "prsname", "prsnamespace", "c.cfgparser"),
            qualified("pg_ts_dict", "dictname", "dictnamespace", "x.mapdict")
        ))
    }

    fn references(&self, _at: &Address, out: &mut References) {
        self.parser.reference(text_search_parser::SLOT, out, "parser");
        for name in self.mappings.values().flatten() {
            name.reference(text_search_dictionary::SLOT, out, "mappings");
        }
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.parser.follow(text_search_parser::SLOT, renaming);
        self.mappings.values_mut().flatten().for_each(|d| d.follow(text_search_dictionary::SLOT, renaming));
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let create = Step::new(format!("create {} (parser = {})", cx.target(), self.parser));
        [create].into_iter().chain(self.steps(&BTreeMap::new(), cx)).collect()
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { parser, mappings: _ } = self;
        if *parser != old.parser {
            return Alter::Replace("it is made for another parser".to_owned());
        }
        Alter::InPlace(self.steps(&old.mappings, cx))
    }
}

impl TextSearchConfiguration {
    /// One statement for all sorts of words with the same dictionaries.
    fn steps(&self, old: &BTreeMap<String, Vec<QualifiedName>>, cx: &Cx<'_>) -> Vec<Step> {
        let mut groups: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
        for word in old.keys().filter(|w| !self.mappings.contains_key(*w)) {
            groups.entry(("drop", String::new())).or_default().push(word);
        }
        for (word, names) in self.mappings.iter().filter(|(w, n)| old.get(*w) != Some(n)) {
            let verb = if old.contains_key(word) { "alter" } else { "add" };
            let names: Vec<&str> = names.iter().map(QualifiedName::as_str).collect();
            groups.entry((verb, format!(" with {}", names.join(", ")))).or_default().push(word);
        }
        let step = |((verb, with), words): (&(&str, String), &Vec<&str>)| {
            Step::new(format!("alter {} {verb} mapping for {}{with}", cx.target(), sql::idents(words)))
        };
        groups.iter().map(step).collect()
    }
}
