//! `init`: creates a first project.

/// Returns the files of a new project, as names and texts.
pub fn files() -> Vec<(&'static str, &'static str)> {
    vec![("dbstate.yaml", DBSTATE), ("schema.yaml", SCHEMA), ("roles.yaml", ROLES)]
}

const DBSTATE: &str = "\
# Settings of dbstate. Everything here may be left out.
files: [schema.yaml, roles.yaml]
database: { env: DATABASE_URL }
lock_timeout: 3s
";

const SCHEMA: &str = "\
# What is in the database. `dbstate plan` shows what would change, `dbstate apply` makes it so.
schemas:
  app:
    tables:
      notes:
        comment: A first table
        columns:
          id: bigint identity
          text: text not null
          created_at: timestamptz not null default now()
        primary_key: [id]
";

const ROLES: &str = "\
# Who may do what. Roles that are not listed are left alone.
roles: {}
";
