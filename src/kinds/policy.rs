//! A row security policy. See <https://www.postgresql.org/docs/current/sql-createpolicy.html>.

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::column::Column;
use super::part::catalog::USER_SCHEMA;
use super::part::{ROLE, Sql, is_default, refused};
use super::table::Table;
use crate::diagnostic::{Code, Problem};
use crate::kind::access::Fact;
use crate::kind::{Alter, Cx, Form, Home, Identity, Kind, References, Renaming, Rules, Under};
use crate::model::{Address, HazardClass, KindName, Lock, PgVersion, State, Step};
use crate::sql;

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Whether it admits rows, or restricts what other policies admit.
    #[serde(rename = "as", default, skip_serializing_if = "is_default")]
    pub sense: Sense,
    /// The command that it applies to.
    #[serde(rename = "for", default, skip_serializing_if = "is_default")]
    pub command: Command,
    /// The roles that it applies to; everybody when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub to: Roles,
    /// Which rows can be seen.
    #[serde(default, skip_serializing_if = "is_default")]
    pub using: Option<Sql>,
    /// Which rows can be written.
    #[serde(default, skip_serializing_if = "is_default")]
    pub with_check: Option<Sql>,
}

/// How a policy joins with others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sense {
    /// A row passes that any such policy lets through.
    #[default]
    Permissive,
    /// A row must pass every such policy.
    Restrictive,
}

/// A command that a policy is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Every one.
    #[default]
    All,
    /// `select`.
    Select,
    /// `insert`.
    Insert,
    /// `update`.
    Update,
    /// `delete`.
    Delete,
}

impl Command {
    fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// Names of roles; none stands for everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles(BTreeSet<String>);

impl Roles {
    fn of(names: Vec<String>) -> Result<Self, Problem> {
        if let Some(name) =
            names.iter().find(|n| matches!(n.as_str(), "current_user" | "current_role" | "session_user"))
        {
            let message = format!("`{name}` stands for a different role for each who applies");
            return Err(Problem::new(Code::WrongType, message).help("write the role's name, or `public`"));
        }
        let everybody = names.iter().any(|n| n == "public");
        Ok(Self(if everybody { BTreeSet::new() } else { names.into_iter().collect() }))
    }

    fn list(&self) -> String {
        if self.0.is_empty() { "public".to_owned() } else { sql::idents(&self.0) }
    }
}

impl Serialize for Roles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Roles;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a role, or a list of roles")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Roles, E> {
                Roles::of(vec![name.to_owned()]).map_err(refused)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Roles, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Roles::of(names).map_err(refused)
            }
        }
        deserializer.deserialize_any(List)
    }
}

impl Kind for Policy {
    const NAME: KindName = KindName("policy");
    const NOUN: &'static str = "policy";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Table::NAME]), key: "policies", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 3256,
        identity: Identity::OnParent,
        renames: true,
        comment: true,
        deparsed: true,
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_policy");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select p.oid, 1259 as parent_class, p.polrelid as parent, p.polname as key,
                    case when not p.polpermissive then 'restrictive' end as \"as\",
                    case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
                         when 'd' then 'delete' end as \"for\",
                    case when p.polroles <> '{{0}}' then
                        array(select r.rolname::text from pg_roles r where r.oid = any (p.polroles) order by 1) end as \"to\",
                    pg_get_expr(p.polqual, p.polrelid) as \"using\",
                    pg_get_expr(p.polwithcheck, p.polrelid) as with_check
             from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
             where {USER_SCHEMA}
             order by n.nspname, c.relname, p.polname"
        ))
    }

    fn references(&self, at: &Address, out: &mut References) {
        for role in &self.to.0 {
            out.object(Address::root(ROLE, role), "to");
        }
        if let Some(using) = &self.using {
            out.row_expression(using.as_str(), at.parent(), Column::NAME, "using");
        }
        if let Some(with_check) = &self.with_check {
            out.row_expression(with_check.as_str(), at.parent(), Column::NAME, "with_check");
        }
    }

    fn access(&self, _at: &Address) -> Option<Fact> {
        let command = (self.command != Command::All).then(|| self.command.word());
        Some(Fact::Policy { permissive: self.sense == Sense::Permissive, command, roles: self.to.0.clone() })
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let mut sql = format!("create policy {}", cx.identity());
        if self.sense == Sense::Restrictive {
            sql += " as restrictive";
        }
        if self.command != Command::All {
            sql += &format!(" for {}", self.command.word());
        }
        if self.to != Roles::default() {
            sql += &format!(" to {}", self.to.list());
        }
        let step = Step::new(sql + &self.conditions(None)).lock(Lock::AccessExclusive);
        let narrows = self.sense == Sense::Restrictive && !cx.parent_is_new();
        vec![if narrows {
            step.hazard(HazardClass::Access, "rows that it refuses are no longer seen or written")
        } else {
            step
        }]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { sense, command, to, using, with_check } = self;
        if *sense != old.sense || *command != old.command {
            return Alter::Replace("PostgreSQL can't alter a policy's command, or how it joins with others".to_owned());
        }
        if using.is_none() && old.using.is_some() || with_check.is_none() && old.with_check.is_some() {
            return Alter::Replace("PostgreSQL can't take a condition away from a policy".to_owned());
        }
        let to = if *to == old.to { String::new() } else { format!(" to {}", to.list()) };
        let sql = format!("alter policy {}{to}{}", cx.identity(), self.conditions(Some(old)));
        let step = Step::new(sql).lock(Lock::AccessExclusive);
        Alter::InPlace(vec![step.hazard(HazardClass::Access, "other rows can be seen or written than before")])
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let step = Step::new(format!("drop policy {}", cx.identity())).lock(Lock::AccessExclusive);
        let comes_back = cx.desired.spec::<Self>(cx.at) == Some(self);
        let what = match self.sense {
            Sense::Permissive => "rows that only it lets through are no longer seen or written",
            Sense::Restrictive => "rows that it holds back can be seen or written",
        };
        vec![if comes_back { step } else { step.hazard(HazardClass::Access, what) }]
    }

    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        let sql = format!("alter {} rename to {}", cx.target(), sql::ident(to));
        vec![Step::new(sql).lock(Lock::AccessExclusive)]
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.using.iter_mut().chain(&mut self.with_check).for_each(|text| text.follow(renaming));
        let Renaming { from, to, .. } = renaming;
        if from.parent().is_none() && from.kind() == ROLE && self.to.0.remove(from.key()) {
            self.to.0.insert(to.key().to_owned());
        }
    }

    fn check(&self, _at: &Address, _desired: &State) -> Vec<(Problem, &'static str)> {
        let mut out = Vec::new();
        if self.command == Command::Insert && self.using.is_some() {
            let problem = Problem::new(Code::WrongType, "a policy for `insert` has no `using`");
            out.push((problem.help("write `with_check`: there is no old row to look at"), "using"));
        }
        if matches!(self.command, Command::Select | Command::Delete) && self.with_check.is_some() {
            let problem = Problem::new(Code::WrongType, "a policy for `select` or `delete` has no `with_check`");
            out.push((problem.help("write `using`: there is no new row to look at"), "with_check"));
        }
        out
    }
}

impl Policy {
    /// The conditions that differ from the old ones.
    fn conditions(&self, old: Option<&Self>) -> String {
        let mut sql = String::new();
        if let Some(using) = self.using.as_ref().filter(|u| old.and_then(|o| o.using.as_ref()) != Some(u)) {
            sql += &format!(" using ({using})");
        }
        if let Some(check) = self.with_check.as_ref().filter(|c| old.and_then(|o| o.with_check.as_ref()) != Some(c)) {
            sql += &format!(" with check ({check})");
        }
        sql
    }
}

crate::kinds::part::own_schema!(Roles, _generator => schemars::json_schema!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] }));
