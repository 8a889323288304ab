//! A table of a publication: the key is its dotted name.
//!
//! See <https://www.postgresql.org/docs/current/logical-replication-publication.html>. It is written with `only`: what
//! inherits from it is listed by itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::{QualifiedName, Sql, is_default, since};
use super::publication::Publication;
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Form, Home, Kind, Misfit, RELATION, References, Renaming, Rules, Under};
use crate::model::{Address, HazardClass, KindName, Lock, PgVersion, Step};
use crate::sql;

/// A table of a publication.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PublishedTable {
    /// Only these columns; from PostgreSQL 15 on.
    #[serde(skip_serializing_if = "is_default")]
    pub columns: Vec<String>,
    /// Only these rows; from PostgreSQL 15 on.
    #[serde(rename = "where", skip_serializing_if = "is_default")]
    pub rows: Option<Sql>,
}

impl Kind for PublishedTable {
    const NAME: KindName = KindName("published_table");
    const NOUN: &'static str = "table";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Publication::NAME]), key: "tables", form: Form::Map }];
    const RULES: Rules = Rules { class: 6106, short_field: Some("columns"), ..Rules::DEFAULT };

    const PRESENT: Option<&'static str> = Some("pg_publication_rel");

    fn catalog(server: PgVersion) -> Option<String> {
        let parts = if server.at_least(15) {
            ", (select jsonb_agg(a.attname order by k.o) from unnest(r.prattrs::int2[]) with ordinality k(n, o)
                     join pg_attribute a on a.attrelid = r.prrelid and a.attnum = k.n) as columns,
               pg_get_expr(r.prqual, r.prrelid) as \"where\""
        } else {
            ""
        };
        Some(format!(
            "select r.oid, 6104 as parent_class, r.prpubid as parent,
                    quote_ident(n.nspname) || '.' || quote_ident(c.relname) as key{parts}
             from pg_publication_rel r join pg_class c on c.oid = r.prrelid join pg_namespace n on n.oid = c.relnamespace
             order by r.prpubid, n.nspname, c.relname"
        ))
    }

    fn key(&self, written: &str, _parent: Option<&Address>) -> Result<String, Problem> {
        let name = QualifiedName::parse(written)?;
        if name.as_str().contains('.') {
            return Ok(name.to_string());
        }
        Err(Problem::new(Code::WrongType, format!("table `{written}` without its schema"))
            .help(format!("write the schema too: `public.{written}`")))
    }

    fn references(&self, at: &Address, out: &mut References) {
        out.name(RELATION, at.key(), "columns");
        if let Some(rows) = &self.rows {
            out.expression(rows.as_str(), "where");
        }
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        let field = if self.rows.is_some() { "where" } else { "columns" };
        (*self != Self::default()).then(|| since(15, "publications of a part of a table", field, cx))?
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let Self { columns, rows } = self;
        let columns = if columns.is_empty() { String::new() } else { format!(" ({})", sql::idents(columns)) };
        let rows = rows.as_ref().map(|r| format!(" where ({r})")).unwrap_or_default();
        vec![alter(cx, &format!("add table only {}{columns}{rows}", cx.at.key()))]
    }

    fn alter(&self, _old: &Self, cx: &Cx<'_>) -> Alter {
        // Only the list of all tables could be set in one statement; in one transaction nobody sees the gap.
        let drop = alter(cx, &format!("drop table only {}", cx.at.key()));
        let drop = drop.hazard(HazardClass::Breaking, "subscribers get other rows or columns of the table");
        Alter::InPlace([drop].into_iter().chain(self.create(cx)).collect())
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let step = alter(cx, &format!("drop table only {}", cx.at.key()));
        vec![step.hazard(HazardClass::Breaking, "subscribers no longer get the table's changes")]
    }

    fn key_after(&self, key: &str, renaming: Renaming<'_>) -> Option<String> {
        renaming.name(RELATION, key)
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        let of_it =
            renaming.from.parent().is_some_and(|t| t.parent().is_some() && sql::dotted(t.path()) == renaming.at.key());
        let renaming = if of_it { renaming.beside() } else { renaming };
        renaming.columns(&mut self.columns);
        self.rows.iter_mut().for_each(|r| r.follow(renaming));
    }
}

fn alter(cx: &Cx<'_>, what: &str) -> Step {
    Step::new(format!("alter publication {} {what}", cx.parent().name())).lock(Lock::ShareUpdateExclusive)
}
