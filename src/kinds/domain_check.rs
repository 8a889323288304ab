//! A check on a domain. See <https://www.postgresql.org/docs/current/sql-alterdomain.html>.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::attribute::Attribute;
use super::column::Column;
use super::domain::{Domain, is_in_arrays};
use super::part::catalog::USER_SCHEMA;
use super::part::convert::is_another;
use super::part::{Sql, is_default};
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Form, Home, Identity, Kind, References, Renaming, Rules, Under};
use crate::model::{Address, HazardClass, KindName, PgVersion, Step};
use crate::sql;

/// A check on a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainCheck {
    /// What every value must satisfy; `value` stands for it.
    pub expression: Sql,
    /// Stored values need not satisfy it yet.
    #[serde(default, skip_serializing_if = "is_default")]
    pub not_valid: bool,
}

impl Kind for DomainCheck {
    const NAME: KindName = KindName("domain_check");
    const NOUN: &'static str = "constraint";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Domain::NAME]), key: "checks", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 2606,
        identity: Identity::OnNoun("domain"),
        renames: true,
        comment: true,
        short_field: Some("expression"),
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_constraint where contypid <> 0 and oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select con.oid, 1247 as parent_class, con.contypid as parent, con.conname as key,
                    pg_get_expr(con.conbin, 0) as expression, not con.convalidated as not_valid
             from pg_constraint con join pg_namespace n on n.oid = con.connamespace
             where con.contype = 'c' and con.contypid <> 0 and {USER_SCHEMA}
             order by con.contypid, con.conname"
        ))
    }

    fn references(&self, _at: &Address, out: &mut References) {
        out.expression(self.expression.as_str(), "expression");
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<(Problem, &'static str)> {
        let parent = cx.parent();
        let (old, new) = (cx.live.spec::<Domain>(parent.at)?, cx.desired.spec::<Domain>(parent.at)?);
        let there = cx.live.spec::<Self>(cx.at);
        let validates = !self.not_valid && there.is_none_or(|c| c.expression != self.expression || c.not_valid);
        let another = new.needs_another(old, &parent) || is_another(&old.data_type, cx.live, cx.desired);
        if !validates || another || !is_in_arrays(&parent) {
            return None;
        }
        let message = format!("PostgreSQL can't add a check to {}, of which a column has arrays", parent.at);
        Some((Problem::new(Code::Refused, message).help("declare the check with `not_valid: true`"), "expression"))
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.expression.follow(renaming);
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let not_valid = if self.not_valid { " not valid" } else { "" };
        let step = alter(cx, &format!("add constraint {} check ({}){not_valid}", cx.name(), self.expression));
        let scans = !self.not_valid && !cx.parent_is_new();
        let step = if self.not_valid { step } else { step.precedes(holders(cx)) };
        vec![if scans { step.hazard(HazardClass::Block, "scans every table that uses the domain") } else { step }]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { expression, not_valid } = self;
        if *expression != old.expression {
            return Alter::Replace("its expression changes".to_owned());
        }
        if *not_valid && !old.not_valid {
            return Alter::Replace("PostgreSQL does not forget that it is valid".to_owned());
        }
        let validate = old.not_valid && !not_valid;
        Alter::InPlace(if validate { vec![alter(cx, &format!("validate constraint {}", cx.name()))] } else { vec![] })
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![alter(cx, &format!("drop constraint {}", cx.name()))]
    }

    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        vec![alter(cx, &format!("rename constraint {} to {}", cx.name(), sql::ident(to)))]
    }
}

fn alter(cx: &Cx<'_>, what: &str) -> Step {
    Step::new(format!("alter domain {} {what}", cx.parent().identity()))
}

/// Returns the new columns that hold values of the domain inside of arrays or composite types: once they are there, PostgreSQL adds no
/// check that it would have to look for there.
fn holders(cx: &Cx<'_>) -> Vec<Address> {
    let name = |at: &Address| sql::dotted([at.top().key(), at.key()]);
    let domain = name(cx.parent().at);
    let mut names = HashSet::from([domain.clone()]);
    loop {
        let has = |at: &&Address| cx.desired.spec::<Attribute>(at).is_some_and(|a| names.contains(a.data_type.base()));
        let attributes = cx.desired.of_kind(Attribute::NAME);
        let composites = attributes.iter().filter(has).filter_map(Address::parent).map(name);
        let more: Vec<String> = composites.filter(|composite| !names.contains(composite)).collect();
        if more.is_empty() {
            break;
        }
        names.extend(more);
    }
    let inside = |column: &Column| names.contains(column.data_type.base()) && column.data_type.as_str() != domain;
    let mut columns = cx.desired.of_kind(Column::NAME);
    columns.retain(|at| !cx.live.contains(at) && cx.desired.spec::<Column>(at).is_some_and(inside));
    columns
}
