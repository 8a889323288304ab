//! Pieces of catalog queries.

/// True for a schema that users make; `n` is `pg_namespace`.
pub const USER_SCHEMA: &str = "n.nspname !~ '^pg_' and n.nspname <> 'information_schema'";

/// Name, type and collation of each column of the view or materialized view `c`, in order, as a `jsonb` list.
pub const VIEW_COLUMNS: &str = "(select jsonb_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
        || case when a.attcollation <> t.typcollation then ' collate ' || a.attcollation::regcollation::text else '' end
        order by a.attnum)
    from pg_attribute a join pg_type t on t.oid = a.atttypid
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)";
