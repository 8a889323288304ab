//! An option of a column of a foreign table, for its wrapper: the key is its name.
//! See <https://www.postgresql.org/docs/current/sql-createforeigntable.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::column::Column;
use super::foreign_table::ForeignTable;
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Form, Home, Kind, Rules, Under};
use crate::model::{Address, KindName, Lock, PgVersion, State, Step};
use crate::sql;

/// An option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForeignColumnOption {
    /// Its value.
    pub value: String,
}

impl Kind for ForeignColumnOption {
    const NAME: KindName = KindName("foreign_column_option");
    const NOUN: &'static str = "option";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Column::NAME]), key: "foreign_options", form: Form::Map }];
    const RULES: Rules = Rules { short_field: Some("value"), ..Rules::DEFAULT };

    const PRESENT: Option<&'static str> = Some("pg_foreign_table");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(
            "select 1259 as parent_class, a.attrelid as parent, a.attnum::int as parent_sub,
                    split_part(o, '=', 1) as key, substr(o, strpos(o, '=') + 1) as value
             from pg_attribute a cross join lateral unnest(a.attfdwoptions) o
             where a.attfdwoptions is not null and a.attnum > 0 and not a.attisdropped
             order by a.attrelid, a.attnum, 4"
                .to_owned(),
        )
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![step(cx, &format!("add {} {}", cx.name(), sql::literal(&self.value)))]
    }

    fn alter(&self, _old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { value } = self;
        Alter::InPlace(vec![step(cx, &format!("set {} {}", cx.name(), sql::literal(value)))])
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![step(cx, &format!("drop {}", cx.name()))]
    }

    fn check(&self, at: &Address, _desired: &State) -> Vec<(Problem, &'static str)> {
        let table = at.parent().and_then(Address::parent);
        if table.is_some_and(|t| t.kind() == ForeignTable::NAME) {
            return Vec::new();
        }
        let problem = Problem::new(Code::WrongType, "only a column of a foreign table has `foreign_options`");
        vec![(problem.help("`options` are those of PostgreSQL itself: `n_distinct`"), "value")]
    }
}

/// `alter foreign table … alter column … options (…)`.
fn step(cx: &Cx<'_>, what: &str) -> Step {
    let (column, table) = (cx.parent().name(), cx.parent().parent().identity());
    Step::new(format!("alter foreign table {table} alter column {column} options ({what})")).lock(Lock::AccessExclusive)
}
