//! An enumerated type. See <https://www.postgresql.org/docs/current/datatype-enum.html>.
//!
//! PostgreSQL can add labels. To take one away or to change their order a new type takes the place of the old.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::catalog::{TYPE_COLUMNS, USER_SCHEMA};
use super::part::convert::{Conversion, convert};
use super::part::is_default;
use super::schema::Schema;
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Form, Home, Kind, Privileges, Rules, TYPE, Under, find};
use crate::model::node::{Node, Value};
use crate::model::{Address, KindName, PgVersion, State, Step, Transaction};
use crate::sql::{self, TokenClass};

/// An enumerated type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnumType {
    /// Its labels, in their order.
    #[serde(default, skip_serializing_if = "is_default")]
    pub labels: Vec<String>,
}

/// What may be granted on a type.
pub const PRIVILEGES: Privileges =
    Privileges { noun: "type", plural: "types", all: &[("usage", 'U')], public: &["usage"] };

impl Kind for EnumType {
    const NAME: KindName = KindName("enum_type");
    const NOUN: &'static str = "type";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Schema::NAME]), key: "enums", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 1247,
        falls_with_parent: false,
        renames: true,
        owner: true,
        comment: true,
        privileges: Some(PRIVILEGES),
        slots: &[TYPE],
        short_field: Some("labels"),
        visible: true,
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_type where typtype = 'e' and oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select {TYPE_COLUMNS},
                    array(select e.enumlabel::text from pg_enum e where e.enumtypid = t.oid order by e.enumsortorder)
                      as labels
             from pg_type t join pg_namespace n on n.oid = t.typnamespace
             where t.typtype = 'e' and {USER_SCHEMA}
             order by n.nspname, t.typname"
        ))
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(self.definition(cx))]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { labels } = self;
        if !self.needs_another(old) {
            return Alter::InPlace(self.add_values(old, cx));
        }
        let gone: Vec<String> = old.labels.iter().filter(|l| !labels.contains(l)).map(|l| format!("`{l}`")).collect();
        let risk = format!("fails where a row holds {}", gone.join(" or "));
        let create = Step::new(self.definition(cx));
        let by = Conversion {
            create: &create,
            through: Some("text"),
            between: None,
            cast: None,
            risk: (!gone.is_empty()).then_some(risk.as_str()),
        };
        match convert(cx, by) {
            Ok(steps) => Alter::InPlace(steps),
            Err(problem) => Alter::Refuse(problem),
        }
    }

    fn check(&self, _at: &Address, _desired: &State) -> Vec<(Problem, &'static str)> {
        let mut seen = HashSet::new();
        let twice = self.labels.iter().filter(|l| !seen.insert(*l)).map(|l| {
            let message = format!("the label `{l}` stands twice");
            (Problem::new(Code::Duplicate, message).help("remove one of them"), "labels")
        });
        let long = self.labels.iter().filter(|l| l.len() > 63).map(|l| {
            let message = format!("the label `{l}` has {} bytes", l.len());
            (Problem::new(Code::WrongType, message).help("a label has at most 63 bytes"), "labels")
        });
        twice.chain(long).collect()
    }
}

impl EnumType {
    /// True where labels go or change places: PostgreSQL only adds some.
    pub fn needs_another(&self, old: &Self) -> bool {
        !is_part_of(&old.labels, &self.labels)
    }

    fn definition(&self, cx: &Cx<'_>) -> String {
        let labels: Vec<String> = self.labels.iter().map(|l| sql::literal(l)).collect();
        format!("create type {} as enum ({})", cx.identity(), labels.join(", "))
    }

    /// One statement a new label, each beside the label that stands before it.
    fn add_values(&self, old: &Self, cx: &Cx<'_>) -> Vec<Step> {
        let mut steps = Vec::new();
        for (i, label) in self.labels.iter().enumerate().filter(|(_, l)| !old.labels.contains(l)) {
            let place = match self.labels[i + 1..].iter().find(|l| old.labels.contains(l)) {
                None => String::new(),
                Some(next) if i == 0 => format!(" before {}", sql::literal(next)),
                Some(_) => format!(" after {}", sql::literal(&self.labels[i - 1])),
            };
            let step = Step::new(format!("alter type {} add value {}{place}", cx.identity(), sql::literal(label)));
            steps.push(step);
        }
        let used = self.labels.iter().any(|l| !old.labels.contains(l) && is_new_text(l, cx));
        if let Some(last) = steps.pop() {
            let transaction = if used { Transaction::CommitAfter } else { Transaction::Inside };
            steps.push(last.transaction(transaction));
        }
        steps
    }
}

/// True when `part` is `whole` with some labels left out.
fn is_part_of(part: &[String], whole: &[String]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|label| rest.any(|l| l == label))
}

/// True when something new or changed, other than an enumerated type, holds the label in a string constant: it can't run before a commit.
fn is_new_text(label: &str, cx: &Cx<'_>) -> bool {
    cx.desired.iter().any(|(at, object)| {
        let stands = cx.live.get(at).is_some_and(|o| o.spec.same(&*object.spec));
        !stands && at.kind() != cx.at.kind() && holds(&(find(cx.register, at.kind()).write_long)(&*object.spec), label)
    })
}

fn holds(node: &Node, label: &str) -> bool {
    match &node.value {
        Value::Null => false,
        Value::Scalar(text) => {
            let is_in = |constant: &str| match label {
                "" => constant.ends_with("''") && constant.len() <= "E''".len() || constant.contains("\"\""), // in an array
                _ => constant.contains(label),
            };
            sql::tokens(&text.text).iter().any(|t| t.class == TokenClass::Str && is_in(t.text))
        }
        Value::List(items) => items.iter().any(|n| holds(n, label)),
        Value::Map(entries) => entries.iter().any(|(_, n)| holds(n, label)),
    }
}
