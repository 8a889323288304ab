//! A rewrite rule. See <https://www.postgresql.org/docs/current/sql-createrule.html>.
//!
//! The rule that is a view's query is part of the view.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::part::catalog::USER_SCHEMA;
use super::part::{Sql, is_default};
use super::table::Table;
use super::trigger::Enabled;
use super::view::View;
use crate::kind::{Alter, Cx, Form, Home, Identity, Kind, References, Renaming, Rules, Under};
use crate::model::{Address, KindName, Lock, PgVersion, Step};
use crate::sql;

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// In which sessions it holds.
    #[serde(default, skip_serializing_if = "is_default")]
    pub enabled: Enabled,
    /// What stands after `as`: `on insert to shop.orders do instead nothing`.
    #[serde(deserialize_with = "after_as")]
    pub definition: Sql,
}

/// Reads a definition; from the catalog comes the whole statement.
fn after_as<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sql, D::Error> {
    let text = String::deserialize(deserializer)?;
    let tokens = sql::tokens(&text);
    let start = match tokens.as_slice() {
        [create, rule, _, word, ..] if create.is_word("create") && rule.is_word("rule") && word.is_word("as") => {
            word.end()
        }
        _ => 0,
    };
    Ok(Sql::new(&text[start..]))
}

impl Kind for Rule {
    const NAME: KindName = KindName("rule");
    const NOUN: &'static str = "rule";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Table::NAME, View::NAME]), key: "rules", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 2618,
        identity: Identity::OnParent,
        renames: true,
        comment: true,
        short_field: Some("definition"),
        deparsed: true,
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_rewrite where rulename <> '_RETURN' and oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select r.oid, 1259 as parent_class, r.ev_class as parent, r.rulename as key,
                    case r.ev_enabled when 'D' then 'disabled' when 'R' then 'replica' when 'A' then 'always' end as enabled,
                    pg_get_ruledef(r.oid) as definition
             from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
             where r.rulename <> '_RETURN' and {USER_SCHEMA}
             order by n.nspname, c.relname, r.rulename"
        ))
    }

    fn references(&self, _at: &Address, out: &mut References) {
        out.text(self.definition.as_str(), "definition");
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.definition.follow(renaming);
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        self.made("create rule", Enabled::Origin, cx)
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { enabled: _, definition } = self;
        if *definition == old.definition {
            return Alter::InPlace(self.enable(old.enabled, cx).into_iter().collect());
        }
        Alter::InPlace(self.made("create or replace rule", old.enabled, cx))
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(format!("drop {}", cx.target())).lock(Lock::AccessExclusive)]
    }

    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        let sql = format!("alter {} rename to {}", cx.target(), sql::ident(to));
        vec![Step::new(sql).lock(Lock::AccessExclusive)]
    }
}

impl Rule {
    fn made(&self, create: &str, old: Enabled, cx: &Cx<'_>) -> Vec<Step> {
        let sql = format!("{create} {} as {}", cx.name(), self.definition);
        [Step::new(sql).lock(Lock::AccessExclusive)].into_iter().chain(self.enable(old, cx)).collect()
    }

    fn enable(&self, old: Enabled, cx: &Cx<'_>) -> Option<Step> {
        let table = cx.parent().identity();
        let sql = format!("alter table {table} {} rule {}", self.enabled.words(), cx.name());
        (self.enabled != old).then(|| Step::new(sql).lock(Lock::ShareRowExclusive))
    }
}
