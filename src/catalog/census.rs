//! Finds objects in the database that no kind reads, and privileges that none does.
//!
//! The server's own list of catalogs is used, so that kinds of object added by a new version are found too. What
//! PostgreSQL maintains for an object by itself (row types, indexes of constraints, triggers of foreign keys) counts as
//! part of that object.

use std::collections::HashSet;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::{catalog_error, query};
use crate::diagnostic::Result;
use crate::model::State;
use crate::session::cell;

/// An object that no kind reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Its schema, if it has one.
    pub schema: Option<String>,
    /// PostgreSQL's description: `operator family shop.f for access method btree`.
    pub what: String,
    /// Why YAML cannot say it.
    pub why: String,
    /// What to do about it.
    pub help: &'static str,
}

impl Unread {
    /// An object of no known kind, or one in a schema that is never touched.
    fn unknown(row: &Row) -> Result<Self> {
        let schema: Option<String> = cell(row, "space")?;
        let why = match &schema {
            Some(schema) if schema.starts_with("pg_") => format!("stands in `{schema}`, which is PostgreSQL's own"),
            _ => "is of a kind that dbstate does not know".to_owned(),
        };
        Ok(Self { schema, what: cell(row, "what")?, why, help: "drop it, or keep it in SQL of your own" })
    }

    /// Something of a partition that would become a part of the one above, and what to do about it.
    fn apart(row: &Row, why: &str, help: &'static str) -> Result<Self> {
        let why = format!("{why}, and YAML cannot say so");
        Ok(Self { schema: cell(row, "space")?, what: cell(row, "what")?, why, help })
    }
}

/// Lists the catalogs whose rows have an oid. Left out are those whose rows are parts of other objects or stand for
/// several objects, and large objects, which are data unless they are declared.
const CATALOGS: &str = "select c.oid, c.relname::text as name
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'oid' and a.attnum > 0
    where c.relnamespace = 11 and c.relkind = 'r' and not c.relisshared
      and c.relname not in ('pg_attrdef', 'pg_enum', 'pg_amop', 'pg_amproc', 'pg_default_acl', 'pg_largeobject_metadata')
    order by c.oid";

/// Returns the objects created by users that `state`, the whole database as read, does not contain, or of which it does not say
/// all.
pub async fn unread(client: &Client, state: &State) -> Result<Vec<Unread>> {
    let known: HashSet<(u32, u32)> =
        state.iter().filter_map(|(_, object)| object.origin.id().map(|(class, oid, _)| (class, oid))).collect();
    let catalogs = query(client, CATALOGS).await?;
    let catalogs =
        catalogs.iter().map(|row| Ok((cell(row, "oid")?, cell(row, "name")?))).collect::<Result<Vec<_>>>()?;
    let rows = query(client, &rows_of(&catalogs)).await?;
    let (mut classes, mut oids) = (Vec::<u32>::new(), Vec::<u32>::new());
    for row in &rows {
        let (class, oid) = (cell(row, "class")?, cell(row, "oid")?);
        if !known.contains(&(class, oid)) {
            classes.push(class);
            oids.push(oid);
        }
    }
    let mut rows = query(client, SYSTEM_COLUMNS).await?;
    if !oids.is_empty() {
        // There are few, if any. PostgreSQL takes much longer to describe an object than to find it.
        let lists = [&classes as &(dyn ToSql + Sync), &oids].map(|list| (list, Type::OID_ARRAY));
        rows.extend(client.query_typed(DESCRIBE, &lists).await.map_err(|error| catalog_error(&error, DESCRIBE))?);
    }
    let (apart, twice) = (query(client, APART).await?, query(client, TWICE).await?);
    let apart = apart.iter().map(|row| {
        let help = "attach it with `alter index … attach partition`, or drop it";
        Unread::apart(row, "is no part of the unfinished index above that is defined alike", help)
    });
    let twice = twice.iter().map(|row| {
        let why = "checks the same as one that comes from the table above";
        Unread::apart(row, why, "drop it: the other one holds")
    });
    rows.iter().map(Unread::unknown).chain(apart).chain(twice).collect()
}

/// Describes the grants on system columns, which no kind reads.
const SYSTEM_COLUMNS: &str =
    "select 'the grant on ' || pg_catalog.pg_describe_object(1259, a.attrelid, a.attnum) as what,
           n.nspname::text as space
    from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
         join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where a.attnum < 0 and a.attacl is not null and c.oid >= 16384
      and not exists (select from pg_catalog.pg_depend e
                      where e.classid = 1259 and e.objid = c.oid and e.deptype = 'e')
    order by 1";

/// Describes the indexes of partitions that are no part of one above which lacks parts and is defined alike, though others are, or
/// other partitions have none that is finished. Where all partitions have one and none is a part, nothing needs to be said.
const APART: &str = "with lacking as (
        select i.*, c.relam, array(select a.attname from unnest(i.indkey) with ordinality k(n, i)
                                   left join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.n order by k.i) as names
        from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
        where c.relkind = 'I' and not i.indisvalid),
    below as (
        select l.indexrelid as whole, l.indrelid as above, h.inhrelid as partition, i.indexrelid as index,
               exists (select from pg_catalog.pg_inherits p where p.inhrelid = i.indexrelid and p.inhparent = l.indexrelid) as attached,
               c.relkind = 'i' or i.indisvalid as finished
        from lacking l join pg_catalog.pg_inherits h on h.inhparent = l.indrelid
             join pg_catalog.pg_index i on i.indrelid = h.inhrelid
             join pg_catalog.pg_class c on c.oid = i.indexrelid and c.relam = l.relam
        where (i.indisunique, i.indisprimary, i.indnkeyatts, i.indclass::text, i.indcollation::text, i.indoption::text)
              = (l.indisunique, l.indisprimary, l.indnkeyatts, l.indclass::text, l.indcollation::text, l.indoption::text)
          and exists (select from pg_catalog.pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
              = exists (select from pg_catalog.pg_constraint k where k.conindid = l.indexrelid and k.contype in ('p', 'u', 'x'))
          and l.names = array(select a.attname from unnest(i.indkey) with ordinality k(n, i)
                              left join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.n order by k.i)
          and pg_catalog.pg_get_expr(i.indexprs, i.indrelid) is not distinct from pg_catalog.pg_get_expr(l.indexprs, l.indrelid)
          and pg_catalog.pg_get_expr(i.indpred, i.indrelid) is not distinct from pg_catalog.pg_get_expr(l.indpred, l.indrelid))
    select pg_catalog.pg_describe_object(1259, b.index, 0) as what, n.nspname::text as space
    from below b join pg_catalog.pg_class c on c.oid = b.index join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where not exists (select from below o where o.whole = b.whole and o.partition = b.partition and o.attached)
      and (exists (select from below o where o.whole = b.whole and o.attached)
           or (select count(distinct o.partition) from below o where o.whole = b.whole and o.finished)
              < (select count(*) from pg_catalog.pg_inherits h where h.inhparent = b.above))
    order by 1";

/// Describes the foreign keys of partitions that stand beside a part of one above which is defined alike.
const TWICE: &str = "select pg_catalog.pg_describe_object(2606, f.oid, 0) as what, n.nspname::text as space
    from pg_catalog.pg_constraint f join pg_catalog.pg_class c on c.oid = f.conrelid
         join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where f.contype = 'f' and f.conparentid = 0 and f.convalidated and c.relispartition
      and exists (select from pg_catalog.pg_constraint k join pg_catalog.pg_constraint p on p.oid = k.conparentid
                  where k.conrelid = f.conrelid and k.contype = 'f' and p.conrelid <> k.conrelid
                    and (k.confrelid, k.conkey, k.confkey, k.confupdtype, k.confdeltype, k.confmatchtype, k.condeferrable, k.condeferred)
                        = (f.confrelid, f.conkey, f.confkey, f.confupdtype, f.confdeltype, f.confmatchtype, f.condeferrable, f.condeferred))
    order by 1";

/// Describes objects, except those of temporary tables, and what falls with members of extensions: the constraints, indexes and
/// triggers of their tables, for example.
const DESCRIBE: &str = "with recursive ids as (select * from unnest($1::oid[], $2::oid[]) as ids (class, oid)),
        above as (
            select class, oid, class as on_class, oid as on_oid, 0 as steps from ids
            union
            select a.class, a.oid, d.refclassid, d.refobjid, a.steps + 1
            from above a join pg_catalog.pg_depend d
                 on d.classid = a.on_class and d.objid = a.on_oid and d.deptype in ('a', 'i', 'P', 'S')
            where a.steps < 5)
    select pg_catalog.pg_describe_object(class, oid, 0) as what, (object).schema as space
    from ids, pg_catalog.pg_identify_object(class, oid, 0) as object
    where coalesce((object).schema, '') !~ '^pg_(toast|temp)'
      and not exists (select from above a join pg_catalog.pg_depend e
                      on e.classid = a.on_class and e.objid = a.on_oid and e.deptype = 'e'
                      where a.class = ids.class and a.oid = ids.oid)
    order by class, oid";

/// Describes the objects of PostgreSQL and of extensions on which other privileges are granted than at the start. Without a row
/// in `pg_init_privs`, an object starts with the default; `information_schema` has none, and is left out, as is schema `public`,
/// which kinds read. See <https://www.postgresql.org/docs/current/catalog-pg-init-privs.html>.
const REGRANTED: &str = "with granted (class, oid, sub, kind, space, owner, acl) as (
        select 1255::oid, oid, 0, 'f', pronamespace, proowner, proacl from pg_catalog.pg_proc
        union all select 1259, oid, 0, case relkind when 'S' then 's' else 'r' end, relnamespace, relowner, relacl
            from pg_catalog.pg_class where relkind in ('r', 'v', 'm', 'p', 'f', 'S')
        union all select 1259, a.attrelid, a.attnum, 'c', c.relnamespace, c.relowner, a.attacl
            from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid where a.attacl is not null
        union all select 1247, oid, 0, 'T', typnamespace, typowner, typacl from pg_catalog.pg_type
        union all select 2615, oid, 0, 'n', oid, nspowner, nspacl from pg_catalog.pg_namespace where oid <> 2200
        union all select 2612, oid, 0, 'l', 11, lanowner, lanacl from pg_catalog.pg_language
        union all select 2328, oid, 0, 'F', 11, fdwowner, fdwacl from pg_catalog.pg_foreign_data_wrapper)
    select pg_catalog.pg_describe_object(g.class, g.oid, g.sub) as what
    from granted g left join pg_catalog.pg_init_privs i on i.classoid = g.class and i.objoid = g.oid and i.objsubid = g.sub
    where g.acl is distinct from i.initprivs
      and (g.oid < 16384 and g.space <> 'information_schema'::regnamespace
           or exists (select from pg_catalog.pg_depend e
                      where e.classid = g.class and e.objid = g.oid and e.deptype = 'e'))
      and array(select x::text from unnest(coalesce(g.acl, acldefault(g.kind::\"char\", g.owner))) x order by 1)
          <> array(select x::text from unnest(coalesce(i.initprivs, acldefault(g.kind::\"char\", g.owner))) x order by 1)
    order by 1";

/// Returns descriptions of the objects of PostgreSQL and of extensions whose privileges were changed. No kind reads those.
pub async fn regranted(client: &Client) -> Result<Vec<String>> {
    query(client, REGRANTED).await?.iter().map(|row| cell(row, "what")).collect()
}

/// Returns a query with a row for each object that a user created, but for those that PostgreSQL maintains for another: where that
/// is unread, it has a row of its own.
fn rows_of(catalogs: &[(u32, String)]) -> String {
    let each: Vec<String> = catalogs
        .iter()
        .map(|(class, name)| {
            let but = match name.as_str() {
                "pg_constraint" => " and contype <> 'n'", // read with the column or the domain that refuses nulls
                "pg_operator" => " and oprcode <> 0",     // else only named, as the commutator or negator of another
                "pg_namespace" => " and nspname !~ '^pg_'", // of temporary tables
                "pg_class" => " and relnamespace <> 'pg_toast'::regnamespace",
                _ => "",
            };
            let (name, oid) = match name.as_str() {
                "pg_user_mapping" => ("pg_user_mappings", "umid"), // which everybody may read
                name => (name, "oid"),
            };
            format!("select {class}::oid as class, {oid} as oid from pg_catalog.{name} where {oid} >= 16384{but}")
        })
        .collect();
    format!(
        "select m.class, m.oid from ({}) m
         where not exists (select from pg_catalog.pg_depend d where d.classid = m.class and d.objid = m.oid and d.objsubid = 0
                                                              and d.deptype in ('i', 'e', 'P', 'S'))",
        each.join(" union all ")
    )
}
