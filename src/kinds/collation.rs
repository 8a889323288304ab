//! A collation. See <https://www.postgresql.org/docs/current/sql-createcollation.html>.
//!
//! The version of the library that it was made with is not managed: `alter collation … refresh version` changes no
//! definition, only what the server warns of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::catalog::USER_SCHEMA;
use super::part::{is_default, since};
use super::schema::Schema;
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, COLLATION, Cx, Form, Home, Kind, Misfit, References, Rules, Under};
use crate::model::{Address, KindName, PgVersion, State, Step};
use crate::sql;

/// A collation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Collation {
    /// Whose rules it follows.
    #[serde(default, skip_serializing_if = "is_default")]
    pub provider: Provider,
    /// The locale; for `libc` both of the following.
    #[serde(default, skip_serializing_if = "is_default")]
    pub locale: Option<String>,
    /// The order, for `libc`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub lc_collate: Option<String>,
    /// The classes of characters, for `libc`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub lc_ctype: Option<String>,
    /// Texts are equal only if their bytes are.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub deterministic: bool,
    /// More rules, for `icu`; from PostgreSQL 16 on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rules: Option<String>,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_true(value: &bool) -> bool {
    *value
}

/// Whose rules a collation follows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// The operating system's.
    #[default]
    Libc,
    /// ICU's.
    Icu,
    /// PostgreSQL's own; from version 17 on.
    Builtin,
}

impl Provider {
    fn word(self) -> &'static str {
        match self {
            Self::Libc => "libc",
            Self::Icu => "icu",
            Self::Builtin => "builtin",
        }
    }
}

impl Kind for Collation {
    const NAME: KindName = KindName("collation");
    const NOUN: &'static str = "collation";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Schema::NAME]), key: "collations", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 3456,
        falls_with_parent: false,
        renames: true,
        owner: true,
        comment: true,
        slots: &[COLLATION],
        short_field: Some("locale"),
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_collation where oid >= 16384");

    fn catalog(server: PgVersion) -> Option<String> {
        let locale = match server.major() {
            17.. => "c.colllocale",
            15 | 16 => "c.colliculocale",
            _ => "case when c.collprovider = 'i' then c.collcollate::text end",
        };
        let rules = if server.at_least(16) { "c.collicurules" } else { "null::text" };
        Some(format!(
            "select c.oid, 2615 as parent_class, c.collnamespace as parent, c.collname as key,
                    c.collowner::regrole::text as owner,
                    case c.collprovider when 'i' then 'icu' when 'b' then 'builtin' end as provider,
                    case when c.collprovider <> 'c' then {locale}
                         when c.collcollate = c.collctype then c.collcollate::text end as locale,
                    case when c.collprovider = 'c' and c.collcollate <> c.collctype then c.collcollate::text end as lc_collate,
                    case when c.collprovider = 'c' and c.collcollate <> c.collctype then c.collctype::text end as lc_ctype,
                    c.collisdeterministic as deterministic, {rules} as rules
             from pg_collation c join pg_namespace n on n.oid = c.collnamespace
             where {USER_SCHEMA}
               and c.collencoding in (-1, (select d.encoding from pg_database d where d.datname = current_database()))
             order by n.nspname, c.collname"
        ))
    }

    /// From PostgreSQL 16 on the server spells a locale of ICU's its own way: it is asked.
    fn references(&self, _at: &Address, out: &mut References) {
        if let Some(locale) = self.locale.as_ref().filter(|_| self.provider == Provider::Icu) {
            out.text(&sql::literal(locale), "locale");
        }
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        let builtin = self.provider == Provider::Builtin;
        let provider = builtin.then(|| since(17, "provider `builtin`", "provider", cx)).flatten();
        provider.or_else(|| self.rules.as_ref().and_then(|_| since(16, "rules of a collation", "rules", cx)))
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let Self { provider, locale, lc_collate, lc_ctype, deterministic, rules } = self;
        let mut words = vec![format!("provider = {}", provider.word())];
        for (word, value) in [("locale", locale), ("lc_collate", lc_collate), ("lc_ctype", lc_ctype), ("rules", rules)]
        {
            words.extend(value.as_ref().map(|v| format!("{word} = {}", sql::literal(v))));
        }
        if !deterministic {
            words.push("deterministic = false".to_owned());
        }
        vec![Step::new(format!("create {} ({})", cx.target(), words.join(", ")))]
    }

    fn alter(&self, _old: &Self, _cx: &Cx<'_>) -> Alter {
        let Self { provider: _, locale: _, lc_collate: _, lc_ctype: _, deterministic: _, rules: _ } = self;
        Alter::Replace("PostgreSQL can't change a collation".to_owned())
    }

    fn check(&self, _at: &Address, _desired: &State) -> Vec<(Problem, &'static str)> {
        let both = self.lc_collate.is_some() && self.lc_ctype.is_some();
        let any = self.lc_collate.is_some() || self.lc_ctype.is_some();
        let good = if self.locale.is_some() { !any } else { both && self.provider == Provider::Libc };
        if good {
            return Vec::new();
        }
        let problem =
            Problem::new(Code::WrongType, "a collation has a locale, or with `libc` both `lc_collate` and `lc_ctype`");
        vec![(problem.help("write `locale: de_DE.utf8`, or `{ provider: icu, locale: de }`"), "locale")]
    }
}
