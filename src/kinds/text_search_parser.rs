//! A text search parser. See <https://www.postgresql.org/docs/current/sql-createtsparser.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::catalog::{USER_SCHEMA, function};
use super::part::{QualifiedName, is_default};
use super::schema::Schema;
use crate::kind::{Alter, Cx, Form, Home, Kind, ROUTINE, References, Rules, Slot, Under, demands};
use crate::model::{Act, Address, Demand, KindName, PgVersion, Step};

/// Where parsers have their names.
pub const SLOT: Slot = Slot("text search parser");

/// A parser: functions that cut a text into words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextSearchParser {
    /// Begins a text.
    pub start: QualifiedName,
    /// Gives the next word.
    pub gettoken: QualifiedName,
    /// Ends it.
    pub end: QualifiedName,
    /// Says which sorts of words there are.
    pub lextypes: QualifiedName,
    /// The function that cuts an excerpt with the matches.
    #[serde(default, skip_serializing_if = "is_default")]
    pub headline: Option<QualifiedName>,
}

impl Kind for TextSearchParser {
    const NAME: KindName = KindName("text_search_parser");
    const NOUN: &'static str = "text search parser";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Schema::NAME]), key: "text_search_parsers", form: Form::Map }];
    const RULES: Rules =
        Rules { class: 3601, falls_with_parent: false, renames: true, comment: true, slots: &[SLOT], ..Rules::DEFAULT };

    const PRESENT: Option<&'static str> = Some("pg_ts_parser where oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select p.oid, 2615 as parent_class, p.prsnamespace as parent, p.prsname as key, {} as start,
                    {} as gettoken, {} as end, {} as lextypes, {} as headline
             from pg_ts_parser p join pg_namespace n on n.oid = p.prsnamespace
             where {USER_SCHEMA} order by n.nspname, p.prsname",
            function("p.prsstart"),
            function("p.prstoken"),
            function("p.prsend"),
            function("p.prslextype"),
            function("p.prsheadline")
        ))
    }

    fn references(&self, _at: &Address, out: &mut References) {
        for (field, name) in self.functions() {
            name.reference(ROUTINE, out, field);
        }
    }

    fn demands(&self, act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        if act == Act::Make { vec![Demand::Superuser] } else { demands::usual(act, cx) }
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let words: Vec<String> = self.functions().into_iter().map(|(word, name)| format!("{word} = {name}")).collect();
        vec![Step::new(format!("create {} ({})", cx.target(), words.join(", ")))]
    }

    fn alter(&self, _old: &Self, _cx: &Cx<'_>) -> Alter {
        Alter::Replace("PostgreSQL can't change a text search parser".to_owned())
    }
}

impl TextSearchParser {
    fn functions(&self) -> Vec<(&'static str, &QualifiedName)> {
        let Self { start, gettoken, end, lextypes, headline } = self;
        let mut list = vec![("start", start), ("gettoken", gettoken), ("end", end), ("lextypes", lextypes)];
        list.extend(headline.as_ref().map(|name| ("headline", name)));
        list
    }
}
