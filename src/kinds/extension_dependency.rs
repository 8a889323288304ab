//! Makes an object fall with an extension: `alter function … depends on extension …`.
//!
//! See <https://www.postgresql.org/docs/current/sql-alterfunction.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extension::Extension;
use super::function::Function;
use super::index::Index;
use super::materialized_view::MaterializedView;
use super::procedure::Procedure;
use super::trigger::Trigger;
use crate::kind::{Alter, Cx, Form, Home, Kind, References, Rules, Under};
use crate::model::{Address, KindName, PgVersion, Step};

/// The key is the extension; there is nothing more to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtensionDependency {}

impl Kind for ExtensionDependency {
    const NAME: KindName = KindName("extension_dependency");
    const NOUN: &'static str = "extension";
    const HOMES: &'static [Home] = &[Home {
        under: Under::Kinds(&[Function::NAME, Procedure::NAME, Trigger::NAME, MaterializedView::NAME, Index::NAME]),
        key: "depends_on_extensions",
        form: Form::List("extension"),
    }];
    const RULES: Rules = Rules::DEFAULT;

    const PRESENT: Option<&'static str> = Some("pg_depend where refclassid = 3079 and deptype = 'x'");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(
            "select 0::oid as oid, d.classid as parent_class, d.objid as parent, e.extname as key
             from pg_depend d join pg_extension e on e.oid = d.refobjid
             where d.refclassid = 3079 and d.deptype = 'x'
             order by d.classid, d.objid, e.extname"
                .to_owned(),
        )
    }

    fn references(&self, at: &Address, out: &mut References) {
        out.perhaps(Address::root(Extension::NAME, at.key()), "extension");
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(format!("alter {} depends on extension {}", cx.parent().target(), cx.name()))]
    }

    fn alter(&self, _old: &Self, _cx: &Cx<'_>) -> Alter {
        Alter::InPlace(Vec::new())
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(format!("alter {} no depends on extension {}", cx.parent().target(), cx.name()))]
    }
}

/// What says again that an object depends on extensions: PostgreSQL forgets it when it defines the object anew.
pub fn depends_again(cx: &Cx<'_>) -> Vec<Step> {
    let said = cx.desired.children_of::<ExtensionDependency>(cx.at, ExtensionDependency::NAME);
    let stays = said.into_iter().filter(|(at, _)| cx.live.contains(at));
    stays.flat_map(|(at, said)| said.create(&cx.at(at))).collect()
}

/// The same for the indexes that PostgreSQL builds anew because a column of theirs has another type.
pub fn indexes_depend_again(column: &Cx<'_>) -> Vec<Step> {
    let Some(table) = column.at.parent() else { return Vec::new() };
    let stays = |(at, index): &(&Address, &Index)| {
        index.adjusts() && column.live.spec::<Index>(at) == Some(*index) && column.live.uses(at).contains(column.at)
    };
    let indexes = column.desired.children_of::<Index>(table, Index::NAME).into_iter().filter(stays);
    indexes.flat_map(|(at, _)| depends_again(&column.at(at))).collect()
}
