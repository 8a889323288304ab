//! Extended statistics. See <https://www.postgresql.org/docs/current/sql-createstatistics.html>.
//!
//! They are in the table's schema; a key with a dot, `shop.totals`, says another.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::column::Column;
use super::materialized_view::MaterializedView;
use super::part::catalog::USER_SCHEMA;
use super::part::index_key::{IndexKey, Subject};
use super::part::{FOREIGN_TABLE, is_default};
use super::table::Table;
use crate::diagnostic::{Code, Diagnostics, Problem};
use crate::kind::{Alter, Cx, Entry, Form, Home, Identity, Kind, References, Renaming, Rules, Slot, Under};
use crate::model::suggest::did_you_mean;
use crate::model::{Address, KindName, Lock, PgVersion, State, Step};
use crate::sql;

/// What statistics may be of.
const KINDS: [&str; 3] = ["ndistinct", "dependencies", "mcv"];

/// Statistics over several columns or expressions of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Statistics {
    /// The columns and expressions.
    pub columns: Vec<IndexKey>,
    /// What is gathered of several columns: `ndistinct`, `dependencies`, `mcv`; all of them when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub kinds: Vec<String>,
    /// How much is gathered, 0 to 10,000; the server's default when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub target: Option<u16>,
}

impl Kind for Statistics {
    const NAME: KindName = KindName("statistics");
    const NOUN: &'static str = "statistics";
    const HOMES: &'static [Home] = &[Home {
        under: Under::Kinds(&[Table::NAME, FOREIGN_TABLE, MaterializedView::NAME]),
        key: "statistics",
        form: Form::Map,
    }];
    const RULES: Rules = Rules {
        class: 3381,
        identity: Identity::By(identity),
        renames: true,
        owner: true,
        comment: true,
        slots: &[Slot("statistics")],
        short_field: Some("columns"),
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_statistic_ext");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select s.oid, 1259 as parent_class, s.stxrelid as parent, 
                    case when s.stxnamespace <> c.relnamespace or s.stxname ~ '\\.'
                         then quote_ident(n.nspname) || '.' || quote_ident(s.stxname) else s.stxname end as key,
                    s.stxowner::regrole::text as owner,
                    array(select quote_ident(a.attname)
                          from unnest(s.stxkeys) k(n)
                               join pg_attribute a on a.attrelid = s.stxrelid and a.attnum = k.n order by a.attname)
                      || coalesce((select array_agg('(' || e || ')')
                                   from unnest(pg_get_statisticsobjdef_expressions(s.oid)) e), array[]::text[]) as columns,
                    case when s.stxkind @> array['d', 'f', 'm']::\"char\"[] or s.stxkind = array['e']::\"char\"[] then null
                         else array(select case k when 'd' then 'ndistinct' when 'f' then 'dependencies' else 'mcv' end
                                    from unnest(s.stxkind) k where k <> 'e' order by k) end as kinds,
                    nullif(s.stxstattarget, -1) as target
             from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace
                  join pg_class c on c.oid = s.stxrelid
             where {USER_SCHEMA}
             order by s.stxrelid, s.stxname"
        ))
    }

    /// PostgreSQL sorts columns as the table has them, which says nothing: here they are sorted by name.
    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for at in desired.of_kind(Self::NAME) {
            if let Some(mut statistics) = desired.spec::<Self>(&at).cloned() {
                statistics.sort();
                desired.set(&at, statistics);
            }
        }
    }

    fn references(&self, at: &Address, out: &mut References) {
        let table = at.parent().filter(|p| [Table::NAME, FOREIGN_TABLE].contains(&p.kind()));
        for key in &self.columns {
            match (&key.subject, table) {
                (Subject::Column(name), Some(table)) => out.object(table.child(Column::NAME, name), "columns"),
                (Subject::Column(_), None) => {}
                (Subject::Expression(text), _) => out.row_expression(text.as_str(), table, Column::NAME, "columns"),
            }
        }
    }

    fn check(&self, _at: &Address, _desired: &State) -> Vec<(Problem, &'static str)> {
        let unknown = self.kinds.iter().filter(|k| !KINDS.contains(&k.as_str())).map(|kind| {
            let problem = Problem::new(Code::WrongType, format!("unknown value `{kind}`"));
            (problem.help(did_you_mean(kind, &KINDS)), "kinds")
        });
        unknown.collect()
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let kinds = if self.kinds.is_empty() { String::new() } else { format!(" ({})", self.kinds.join(", ")) };
        let list: Vec<String> = self.columns.iter().map(ToString::to_string).collect();
        let (list, table) = (list.join(", "), cx.parent().identity());
        let sql = format!("create statistics {}{kinds} on {list} from {table}", cx.identity());
        let mut steps = vec![Step::new(sql).lock(Lock::ShareUpdateExclusive)];
        steps.extend(self.target.map(|_| self.target_step(cx)));
        steps
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { columns, kinds, target } = self;
        let sorted = |kinds: &[String]| {
            let mut list = kinds.to_vec();
            list.sort();
            list
        };
        if *columns != old.columns || sorted(kinds) != sorted(&old.kinds) {
            return Alter::Replace("it is defined otherwise".to_owned());
        }
        Alter::InPlace(if *target == old.target { Vec::new() } else { vec![self.target_step(cx)] })
    }

    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        let name = sql::split_name(to).filter(|parts| parts.len() == 2).and_then(|mut parts| parts.pop());
        let name = sql::ident(name.as_deref().unwrap_or(to));
        vec![Step::new(format!("alter {} rename to {name}", cx.target()))]
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.columns.iter_mut().for_each(|key| key.follow(renaming));
        self.sort();
    }
}

/// Schema and name: a key with a dot says both.
fn identity(at: &Address) -> String {
    match sql::split_name(at.key()).as_deref() {
        Some([schema, name]) => sql::dotted([schema.as_str(), name]),
        _ => sql::dotted([at.top().key(), at.key()]),
    }
}

impl Statistics {
    /// The same with its columns in the order of their names, before its expressions.
    fn sort(&mut self) {
        self.columns.sort_by_key(|key| match &key.subject {
            Subject::Column(name) => (false, name.clone()),
            Subject::Expression(_) => (true, String::new()),
        });
    }

    fn target_step(&self, cx: &Cx<'_>) -> Step {
        let target = self.target.map_or_else(|| "-1".to_owned(), |t| t.to_string());
        Step::new(format!("alter {} set statistics {target}", cx.target())).lock(Lock::ShareUpdateExclusive)
    }
}
