//! A composite type. See <https://www.postgresql.org/docs/current/rowtypes.html>.

use serde::{Deserialize, Serialize};

use super::enum_type::PRIVILEGES;
use super::part::catalog::USER_SCHEMA;
use super::schema::Schema;
use crate::kind::{Alter, Cx, Form, Home, Kind, RELATION, Rules, TYPE, Under};
use crate::model::{KindName, PgVersion, Step};

use super::attribute::Attribute;

/// A composite type: its attributes are objects of their own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CompositeType {}

impl Kind for CompositeType {
    const NAME: KindName = KindName("composite_type");
    const NOUN: &'static str = "type";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Schema::NAME]), key: "composites", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 1247,
        falls_with_parent: false,
        renames: true,
        owner: true,
        comment: true,
        privileges: Some(PRIVILEGES),
        slots: &[TYPE, RELATION],
        visible: true,
        ..Rules::DEFAULT
    };

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select t.oid, 2615 as parent_class, t.typnamespace as parent, t.typname as key,
                    t.typowner::regrole::text as owner, t.typacl::text[] as acl
             from pg_type t join pg_class c on c.oid = t.typrelid and c.relkind = 'c'
                  join pg_namespace n on n.oid = t.typnamespace
             where {USER_SCHEMA}
             order by n.nspname, t.typname"
        ))
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let attributes = cx.desired.children_of::<Attribute>(cx.at, Attribute::NAME);
        let lines: Vec<String> =
            attributes.iter().map(|(at, a)| format!("\n    {}", a.definition(&cx.at(at)))).collect();
        let end = if lines.is_empty() { "" } else { "\n" };
        let sql = format!("create type {} as ({}{end})", cx.identity(), lines.join(","));
        vec![Step::new(sql).speaks_for(attributes.into_iter().map(|(at, _)| at.clone()))]
    }

    fn alter(&self, _old: &Self, _cx: &Cx<'_>) -> Alter {
        let Self {} = self;
        Alter::InPlace(Vec::new())
    }
}
