//! A foreign table. See <https://www.postgresql.org/docs/current/sql-createforeigntable.html>.
//!
//! Its rows are elsewhere: dropping it loses none. Columns, checks and triggers are as on any table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::column::Column;
use super::foreign_server::ForeignServer;
use super::part::catalog::{USER_SCHEMA, options};
use super::part::options::{changes, clause};
use super::part::{FOREIGN_TABLE, Options, is_default};
use super::schema::Schema;
use super::table::PRIVILEGES;
use crate::kind::{Alter, Cx, Form, Home, Kind, RELATION, References, Rules, TYPE, Under};
use crate::model::{Address, KindName, Lock, PgVersion, Step};
use crate::sql;

/// A foreign table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForeignTable {
    /// The server that has the rows.
    pub server: String,
    /// Its options: `table_name` and the like.
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: Options,
}

impl Kind for ForeignTable {
    const NAME: KindName = FOREIGN_TABLE;
    const NOUN: &'static str = "foreign table";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Schema::NAME]), key: "foreign_tables", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 1259,
        falls_with_parent: false,
        renames: true,
        owner: true,
        comment: true,
        privileges: Some(PRIVILEGES),
        slots: &[RELATION, TYPE],
        visible: true,
        ..Rules::DEFAULT
    };

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select c.oid, 2615 as parent_class, c.relnamespace as parent, c.relname as key,
                    c.relowner::regrole::text as owner, c.relacl::text[] as acl, s.srvname as server, {} as options
             from pg_foreign_table f join pg_class c on c.oid = f.ftrelid join pg_namespace n on n.oid = c.relnamespace
                  join pg_foreign_server s on s.oid = f.ftserver
             where not c.relispartition and {USER_SCHEMA}
             order by n.nspname, c.relname",
            options("f.ftoptions")
        ))
    }

    fn references(&self, _at: &Address, out: &mut References) {
        out.perhaps(Address::root(ForeignServer::NAME, &self.server), "server");
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let columns = cx.desired.children_of::<Column>(cx.at, Column::NAME);
        let lines: Vec<String> = columns.iter().map(|(at, c)| format!("\n    {}", c.definition(&cx.at(at)))).collect();
        let inline = columns.iter().map(|(at, _)| (*at).clone());
        let server = format!("server {}{}", sql::ident(&self.server), clause(&self.options));
        let sql = format!("create foreign table {} ({}\n) {server}", cx.identity(), lines.join(","));
        vec![Step::new(sql).speaks_for(inline)]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { server, options } = self;
        if *server != old.server {
            return Alter::Replace("another server has its rows".to_owned());
        }
        let sql = format!("alter foreign table {}{}", cx.identity(), changes(options, &old.options));
        Alter::InPlace(vec![Step::new(sql).lock(Lock::AccessExclusive)])
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(format!("drop foreign table {}", cx.identity())).lock(Lock::AccessExclusive)]
    }

    fn renamed(&self, _at: &Address, from: &Address, to: &Address) -> Option<Self> {
        let it = *from == Address::root(ForeignServer::NAME, &self.server);
        it.then(|| Self { server: to.key().to_owned(), ..self.clone() })
    }
}
