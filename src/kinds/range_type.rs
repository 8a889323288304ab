//! A range type with its multirange type. See <https://www.postgresql.org/docs/current/rangetypes.html>.
//!
//! PostgreSQL can't alter one: it is dropped and made again, where nothing that stays uses it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::enum_type::PRIVILEGES;
use super::multirange::Multirange;
use super::part::catalog::{TYPE_COLUMNS, USER_SCHEMA};
use super::part::{TypeName, is_default, shell};
use super::schema::Schema;
use super::shell_type::shell_of;
use crate::kind::{
    Alter, COLLATION, Cx, Form, Home, Kind, OPERATOR_CLASS, ROUTINE, References, Renaming, Rules, TYPE, Under,
};
use crate::model::{Address, KindName, PgVersion, Step};
use crate::sql;

/// A range type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RangeType {
    /// The type of its bounds.
    pub subtype: TypeName,
    /// The operator class that orders its bounds, where it is not the type's default.
    #[serde(default, skip_serializing_if = "is_default")]
    pub operator_class: Option<String>,
    /// The collation that orders them, where it is not the type's.
    #[serde(default, skip_serializing_if = "is_default")]
    pub collation: Option<String>,
    /// The function that brings ranges into canonical form.
    #[serde(default, skip_serializing_if = "is_default")]
    pub canonical: Option<String>,
    /// The function that measures the distance between two bounds.
    #[serde(default, skip_serializing_if = "is_default")]
    pub subtype_diff: Option<String>,
}

impl Kind for RangeType {
    const NAME: KindName = KindName("range_type");
    const NOUN: &'static str = "type";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Schema::NAME]), key: "ranges", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 1247,
        falls_with_parent: false,
        renames: true,
        owner: true,
        comment: true,
        privileges: Some(PRIVILEGES),
        slots: &[TYPE],
        short_field: Some("subtype"),
        visible: true,
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_range where rngtypid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        let function = |column: &str| {
            format!(
                "(select case when fn.nspname = 'pg_catalog' then quote_ident(f.proname)
                              else quote_ident(fn.nspname) || '.' || quote_ident(f.proname) end
                  from pg_proc f join pg_namespace fn on fn.oid = f.pronamespace where f.oid = {column})"
            )
        };
        Some(format!(
            "select {TYPE_COLUMNS},
                    format_type(r.rngsubtype, null) as subtype,
                    case when not oc.opcdefault
                         then (select case when o.nspname = 'pg_catalog' then quote_ident(oc.opcname)
                                           else quote_ident(o.nspname) || '.' || quote_ident(oc.opcname) end
                               from pg_namespace o where o.oid = oc.opcnamespace) end as operator_class,
                    case when r.rngcollation <> s.typcollation
                         then (select case when cn.nspname = 'pg_catalog' then quote_ident(co.collname)
                                           else quote_ident(cn.nspname) || '.' || quote_ident(co.collname) end
                               from pg_collation co join pg_namespace cn on cn.oid = co.collnamespace
                               where co.oid = r.rngcollation) end as collation,
                    {canonical} as canonical, {diff} as subtype_diff
             from pg_range r
                  join pg_type t on t.oid = r.rngtypid
                  join pg_type s on s.oid = r.rngsubtype
                  join pg_opclass oc on oc.oid = r.rngsubopc
                  join pg_namespace n on n.oid = t.typnamespace
             where {USER_SCHEMA}
             order by n.nspname, t.typname",
            canonical = function("nullif(r.rngcanonical::oid, 0)"),
            diff = function("nullif(r.rngsubdiff::oid, 0)"),
        ))
    }

    fn references(&self, at: &Address, out: &mut References) {
        if self.canonical.is_some() {
            out.perhaps(shell_of(at), "canonical");
        }
        self.subtype.reference(out, "subtype");
        let Self { subtype: _, operator_class, collation, canonical, subtype_diff } = self;
        for (slot, name, field) in [
            (OPERATOR_CLASS, operator_class, "operator_class"),
            (COLLATION, collation, "collation"),
            (ROUTINE, canonical, "canonical"),
            (ROUTINE, subtype_diff, "subtype_diff"),
        ] {
            if let Some(name) = name.as_ref().filter(|n| n.contains('.')) {
                out.name(slot, name, field);
            }
        }
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let multirange = cx.desired.children_of::<Multirange>(cx.at, Multirange::NAME);
        vec![Step::new(self.definition(cx)).speaks_for(multirange.into_iter().map(|(at, _)| at.clone()))]
    }

    fn alter(&self, _old: &Self, _cx: &Cx<'_>) -> Alter {
        Alter::Replace("it is defined otherwise".to_owned())
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        shell::drop_type(cx)
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.subtype.follow(renaming);
        let functions = [&mut self.canonical, &mut self.subtype_diff].map(|name| (ROUTINE, name));
        let others = [(OPERATOR_CLASS, &mut self.operator_class), (COLLATION, &mut self.collation)];
        for (slot, name) in functions.into_iter().chain(others) {
            if let Some(new) = name.as_ref().and_then(|name| renaming.name(slot, name)) {
                *name = Some(new);
            }
        }
    }
}

impl RangeType {
    fn definition(&self, cx: &Cx<'_>) -> String {
        let Self { subtype, operator_class, collation, canonical, subtype_diff } = self;
        let mut words = vec![format!("subtype = {subtype}")];
        let multirange = cx.desired.children_of::<Multirange>(cx.at, Multirange::NAME);
        let named = multirange.first().filter(|(_, m)| m.name.is_some());
        let multirange = named.map(|(at, _)| sql::dotted([cx.at.top().key(), at.key()]));
        for (word, value) in [
            ("subtype_opclass", operator_class.clone()),
            ("collation", collation.clone()),
            ("canonical", canonical.clone()),
            ("subtype_diff", subtype_diff.clone()),
            ("multirange_type_name", multirange),
        ] {
            words.extend(value.map(|v| format!("{word} = {v}")));
        }
        format!("create type {} as range ({})", cx.identity(), words.join(", "))
    }
}
