//! Pieces of catalog queries.

/// True for a schema that users make; `n` is `pg_namespace`.
pub const USER_SCHEMA: &str = "n.nspname !~ '^pg_' and n.nspname <> 'information_schema'";
