//! Building blocks of catalog queries.

/// A condition that is true for schemas created by users; `n` is `pg_namespace`.
pub const USER_SCHEMA: &str = "n.nspname !~ '^pg_' and n.nspname <> 'information_schema'";

/// The columns that queries of relations in a schema select for the reader; `c` is `pg_class`.
pub const RELATION_COLUMNS: &str = "c.oid, 2615 as parent_class, c.relnamespace as parent, c.relname as key,
                    c.relowner::regrole::text as owner, c.relacl::text[] as acl";

/// The columns that queries of types select for the reader; `t` is `pg_type`.
pub const TYPE_COLUMNS: &str = "t.oid, 2615 as parent_class, t.typnamespace as parent, t.typname as key,
                    t.typowner::regrole::text as owner, t.typacl::text[] as acl";

/// The name, type and collation of each column of the view or materialized view `c`, in order, as a `jsonb` list.
pub const VIEW_COLUMNS: &str = "(select jsonb_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
        || case when a.attcollation <> t.typcollation then ' collate ' || a.attcollation::regcollation::text else '' end
        order by a.attnum)
    from pg_attribute a join pg_type t on t.oid = a.atttypid
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)";

/// Returns SQL for the name of the row of `table` with that oid, as SQL writes it: without `pg_catalog`. It is null if
/// there is no such row.
pub fn qualified(table: &str, name: &str, namespace: &str, oid: &str) -> String {
    format!(
        "(select case when qn.nspname = 'pg_catalog' then '' else quote_ident(qn.nspname) || '.' end || quote_ident(q.{name})
          from {table} q join pg_namespace qn on qn.oid = q.{namespace} where q.oid = {oid})"
    )
}

/// Returns SQL for the name of the function with that oid.
pub fn function(oid: &str) -> String {
    qualified("pg_proc", "proname", "pronamespace", oid)
}

/// Returns SQL for the name of the operator with that oid, as used in expressions: `=` or `operator(shop.=)`.
pub fn operator(oid: &str) -> String {
    format!(
        "(select case when qn.nspname = 'pg_catalog' then q.oprname
                      else 'operator(' || quote_ident(qn.nspname) || '.' || q.oprname || ')' end
          from pg_operator q join pg_namespace qn on qn.oid = q.oprnamespace where q.oid = {oid})"
    )
}

/// Returns SQL for the tablespace of the relation `c`; null if it is the database's default.
pub fn tablespace(c: &str) -> String {
    format!(
        "case when {c}.reltablespace <> 0 then
           (select ts.spcname::text from pg_tablespace ts where ts.oid = {c}.reltablespace) end"
    )
}

/// Returns SQL that converts an array of `name=value` items to a `json` object in the same order, or to null if there
/// are none.
pub fn options(items: &str) -> String {
    format!(
        "case when {items} is not null then
           (select json_object_agg(split_part(s, '=', 1), substr(s, strpos(s, '=') + 1)) from unnest({items}) s) end"
    )
}
