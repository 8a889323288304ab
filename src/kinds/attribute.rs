//! An attribute of a composite type. See <https://www.postgresql.org/docs/current/sql-altertype.html>.
//!
//! The short form is what stands after its name in `create type`: `text collate "C"`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::column::Column;
use super::composite_type::CompositeType;
use super::part::catalog::USER_SCHEMA;
use super::part::{QualifiedName, TypeName, is_default};
use super::table::{leave_type, of_type};
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, COLLATION, Cx, Form, Home, Identity, Kind, References, Renaming, Rules, Under};
use crate::model::{Address, HazardClass, KindName, PgVersion, Step};
use crate::sql;

/// An attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Its data type.
    #[serde(rename = "type")]
    pub data_type: TypeName,
    /// Its collation, where it is not the type's.
    #[serde(default, skip_serializing_if = "is_default")]
    pub collation: Option<QualifiedName>,
}

impl Kind for Attribute {
    const NAME: KindName = KindName("attribute");
    // `comment on column` names it; `alter type` has a word of its own for it.
    const NOUN: &'static str = "column";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[CompositeType::NAME]), key: "attributes", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 1259,
        identity: Identity::Dotted,
        rebuildable: false,
        part: true,
        renames: true,
        comment: true,
        visible: true,
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_class where relkind = 'c' and oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select a.attrelid as oid, a.attnum as sub, 1247 as parent_class, c.reltype as parent, a.attname as key,
                    a.attnum as ordinal, format_type(a.atttypid, a.atttypmod) as type,
                    case when a.attcollation <> t.typcollation
                         then (select case when cn.nspname = 'pg_catalog' then quote_ident(co.collname)
                                           else quote_ident(cn.nspname) || '.' || quote_ident(co.collname) end
                               from pg_collation co join pg_namespace cn on cn.oid = co.collnamespace
                               where co.oid = a.attcollation) end as collation
             from pg_attribute a
                  join pg_class c on c.oid = a.attrelid
                  join pg_namespace n on n.oid = c.relnamespace
                  join pg_type t on t.oid = a.atttypid
             where c.relkind = 'c' and a.attnum > 0 and not a.attisdropped and {USER_SCHEMA}
             order by a.attrelid, a.attnum"
        ))
    }

    fn short(text: &str) -> Option<Result<Self, Problem>> {
        Some(Column::short(text)?.and_then(Self::from_column))
    }

    fn shorten(&self) -> Option<String> {
        let Self { data_type, collation } = self.clone();
        Column { collation, ..Column::of_type(data_type) }.shorten()
    }

    fn references(&self, _at: &Address, out: &mut References) {
        self.data_type.reference(out, "type");
        if let Some(collation) = &self.collation {
            collation.reference(COLLATION, out, "collation");
        }
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Self::step(cx, &format!("add attribute {}", self.definition(cx)))]
    }

    fn alter(&self, _old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { data_type, collation } = self;
        if cx.live.spec::<CompositeType>(cx.parent().at).is_some_and(|t| t.stale) {
            return Alter::InPlace(Vec::new()); // the type is made anew
        }
        let collate = collation.as_ref().map(|c| format!(" collate {c}")).unwrap_or_default();
        let step = Self::step(cx, &format!("alter attribute {} type {data_type}{collate}", cx.name()));
        Alter::InPlace(vec![step.disturbs_users()])
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let step = Self::step(cx, &format!("drop attribute {}", cx.name()));
        vec![step.hazard(HazardClass::Data, "drops what columns of the type hold in it")]
    }

    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        let rename = Self::step(cx, &format!("rename attribute {} to {}", cx.name(), sql::ident(to)));
        leave_type(cx.parent().at, cx.live).into_iter().chain([rename]).collect()
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.data_type.follow(renaming);
        self.collation.iter_mut().for_each(|c| c.follow(COLLATION, renaming));
    }
}

impl Attribute {
    /// What stands between the brackets of `create type`.
    pub fn definition(&self, cx: &Cx<'_>) -> String {
        let collate = self.collation.as_ref().map(|c| format!(" collate {c}")).unwrap_or_default();
        format!("{} {}{collate}", cx.name(), self.data_type)
    }

    /// A statement on the type, once the tables of it have left it.
    fn step(cx: &Cx<'_>, what: &str) -> Step {
        let tables = of_type(cx.parent().at, cx.live);
        Step::new(format!("alter type {} {what}", cx.parent().identity())).needs(tables)
    }

    fn from_column(column: Column) -> Result<Self, Problem> {
        let plain = Column { collation: column.collation.clone(), ..Column::of_type(column.data_type.clone()) };
        if plain != column {
            return Err(Problem::new(Code::Sql, "an attribute of a composite type has a type and a collation only")
                .help("make a domain with the rules, and give the attribute that type"));
        }
        Ok(Self { data_type: column.data_type, collation: column.collation })
    }
}
