//! A domain: a type with rules. See <https://www.postgresql.org/docs/current/sql-createdomain.html>.
//!
//! The short form is what stands after `as` in `create domain`: `text not null default ''`.

use serde::{Deserialize, Serialize};

use super::column::Column;
use super::domain_check::DomainCheck;
use super::enum_type::PRIVILEGES;
use super::part::catalog::USER_SCHEMA;
use super::part::convert::{Conversion, convert};
use super::part::names::object_name;
use super::part::{QualifiedName, Sql, TypeName, is_default};
use super::schema::Schema;
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, COLLATION, Cx, Form, Home, Kind, References, Rules, TYPE, Under};
use crate::model::{Address, HazardClass, KindName, PgVersion, Step};
use crate::sql;

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// The type below it.
    #[serde(rename = "type")]
    pub data_type: TypeName,
    /// Refuses nulls.
    #[serde(default, skip_serializing_if = "is_default")]
    pub not_null: bool,
    /// Its collation, where it is not the type's.
    #[serde(default, skip_serializing_if = "is_default")]
    pub collation: Option<QualifiedName>,
    /// The default of columns that have none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub default: Option<Sql>,
}

impl Kind for Domain {
    const NAME: KindName = KindName("domain");
    const NOUN: &'static str = "domain";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Schema::NAME]), key: "domains", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 1247,
        falls_with_parent: false,
        renames: true,
        owner: true,
        comment: true,
        privileges: Some(PRIVILEGES),
        slots: &[TYPE],
        visible: true,
        ..Rules::DEFAULT
    };

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select t.oid, 2615 as parent_class, t.typnamespace as parent, t.typname as key,
                    t.typowner::regrole::text as owner, t.typacl::text[] as acl,
                    format_type(t.typbasetype, t.typtypmod) as type, t.typnotnull as not_null,
                    case when t.typcollation <> b.typcollation
                         then (select case when cn.nspname = 'pg_catalog' then quote_ident(co.collname)
                                           else quote_ident(cn.nspname) || '.' || quote_ident(co.collname) end
                               from pg_collation co join pg_namespace cn on cn.oid = co.collnamespace
                               where co.oid = t.typcollation) end as collation,
                    coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)) as \"default\"
             from pg_type t join pg_namespace n on n.oid = t.typnamespace join pg_type b on b.oid = t.typbasetype
             where t.typtype = 'd' and {USER_SCHEMA}
             order by n.nspname, t.typname"
        ))
    }

    fn short(text: &str) -> Option<Result<Self, Problem>> {
        Some(Column::short(text)?.and_then(Self::from_column))
    }

    fn shorten(&self) -> Option<String> {
        self.as_column().shorten()
    }

    fn references(&self, _at: &Address, out: &mut References) {
        self.data_type.reference(out, "type");
        if let Some(collation) = &self.collation {
            collation.reference(COLLATION, out, "collation");
        }
        if let Some(default) = &self.default {
            out.expression(default.as_str(), "default");
        }
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(self.definition(cx))]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { data_type, not_null, collation: _, default } = self;
        if self.needs_another(old, cx) {
            let create = self.create_with_checks(cx);
            let risk = format!("fails where a value is no {data_type}");
            let by = Conversion { create: &create, through: None, cast: None, risk: Some(&risk) };
            return convert(cx, by).map_or_else(Alter::Refuse, Alter::InPlace);
        }
        let alter = |what: &str| Step::new(format!("alter domain {} {what}", cx.identity()));
        let mut steps = Vec::new();
        match default {
            _ if *default == old.default => {}
            Some(default) => steps.push(alter(&format!("set default {default}"))),
            None => steps.push(alter("drop default")),
        }
        if *not_null && !old.not_null {
            steps.push(alter("set not null").hazard(HazardClass::Block, "scans every table that uses the domain"));
        }
        if old.not_null && !*not_null {
            steps.push(alter("drop not null"));
        }
        Alter::InPlace(steps)
    }

    fn renamed(&self, _at: &Address, from: &Address, to: &Address) -> Option<Self> {
        Some(Self { data_type: self.data_type.renamed(from, to)?, ..self.clone() })
    }
}

impl Domain {
    fn definition(&self, cx: &Cx<'_>) -> String {
        let mut sql = format!("create domain {} as {}", cx.identity(), self.data_type);
        if let Some(collation) = &self.collation {
            sql += &format!(" collate {collation}");
        }
        if let Some(default) = &self.default {
            sql += &format!(" default {}", default.as_default());
        }
        if self.not_null {
            sql += " not null";
        }
        sql
    }

    /// True when the domain can't be altered: its type changes, or nulls would be looked for inside of arrays.
    pub fn needs_another(&self, old: &Self, cx: &Cx<'_>) -> bool {
        let type_changes = self.data_type != old.data_type || self.collation != old.collation;
        type_changes || self.not_null && !old.not_null && is_in_arrays(cx)
    }

    /// The definition with the checks that hold from the start: they could not be added later where arrays use it.
    fn create_with_checks(&self, cx: &Cx<'_>) -> Step {
        let checks = cx.desired.children_of::<DomainCheck>(cx.at, DomainCheck::NAME);
        let valid: Vec<_> = checks.into_iter().filter(|(_, c)| !c.not_valid).collect();
        let mut sql = Self { not_null: false, ..self.clone() }.definition(cx);
        if self.not_null {
            // The old domain has the name that PostgreSQL would choose.
            let name = object_name(cx.at.key(), "", "not_null");
            sql += &format!(" constraint {} not null", sql::ident(&name));
        }
        for (at, check) in &valid {
            sql += &format!(" constraint {} check ({})", sql::ident(at.key()), check.expression);
        }
        Step::new(sql).speaks_for(valid.into_iter().map(|(at, _)| at.clone()))
    }

    /// The column whose short form is this domain's.
    fn as_column(&self) -> Column {
        let Self { data_type, not_null, collation, default } = self.clone();
        Column { not_null, collation, default, ..Column::of_type(data_type) }
    }

    fn from_column(column: Column) -> Result<Self, Problem> {
        if column.identity.is_some() || column.generated.is_some() {
            let problem = Problem::new(Code::Sql, "a domain has no identity and is not generated");
            return Err(problem.help("write it on the columns that have the domain as their type"));
        }
        let Column { data_type, not_null, collation, default, .. } = column;
        Ok(Self { data_type, not_null, collation, default })
    }
}

/// True when a column is an array of the domain: PostgreSQL can't check values there.
pub fn is_in_arrays(cx: &Cx<'_>) -> bool {
    cx.live.edges().any(|(user, used)| {
        used == cx.at && cx.live.spec::<Column>(user).is_some_and(|c| c.data_type.element().is_some())
    })
}
