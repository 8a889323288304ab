//! Roles as managed services give them: no superuser, but may make roles, and owns what it made.

use crate::support::cluster::own_cluster;
use crate::support::database::Database;
use crate::support::project::Project;

/// As on Supabase: the platform owns the extensions and schemas of its own; the user's role makes roles and databases,
/// reads everything, and administers the roles of the interface.
const SUPABASE: &str = "
    create role supabase_admin superuser;
    create role anon nologin; create role authenticated nologin; create role service_role nologin bypassrls;
    create role app_admin login createrole createdb replication bypassrls;
    grant pg_monitor, pg_read_all_data, pg_signal_backend to app_admin;
    grant anon, authenticated, service_role to app_admin with admin option;
    create role shop_owner; grant shop_owner to app_admin with admin option;
    alter database shop owner to app_admin; alter schema public owner to app_admin;
    create schema extensions; create schema auth authorization supabase_admin;
    create extension pg_trgm schema extensions; grant usage on schema extensions to public;
    set role supabase_admin;
    create table auth.users (id uuid primary key, email text);
    grant usage on schema auth to app_admin; grant select, references on auth.users to app_admin";

/// As on RDS: the role that has everything is a member of `rds_superuser`, which has privileges but is none.
const RDS: &str = "
    create role rdsadmin superuser; create role rds_superuser nologin createrole createdb;
    grant pg_monitor, pg_signal_backend to rds_superuser with admin option;
    create role app_admin login createrole createdb; grant rds_superuser to app_admin;
    create role shop_owner; grant shop_owner to app_admin with admin option;
    alter database shop owner to app_admin; alter schema public owner to app_admin";

const ROLES: &str = "
roles:
  shop_owner: {}
  clerk: { login: true, member_of: [shop_owner], settings: { statement_timeout: 30s } }
";

const SHOP: &str = "
schemas:
  public:
    tables:
      items:
        columns: { id: bigint identity, name: text, price: numeric }
        primary_key: [id]
        checks: { price_is_some: price > 0 }
        rls: enabled
        policies: { mine: { for: select, to: [clerk], using: price > 1 } }
        grants: { clerk: [select, insert] }
  shop:
    owner: shop_owner
    tables: { more: { columns: { id: int } } }
    functions:
      f(): { returns: int, language: sql, body: select 1 }
";

#[test]
fn a_role_as_on_supabase_builds_and_changes_its_own() {
    let cluster = own_cluster();
    let database = Database::named(cluster.server(), "shop");
    database.psql(SUPABASE);
    let project = Project::new(&database, &[("schema.yaml", SHOP), ("roles.yaml", ROLES)]).user("app_admin");
    project.run(&["apply", "--yes", "--allow", "access"], 0);
    project.settled();
    database.psql("insert into public.items (name, price) values ('a', 2)");
    let more =
        SHOP.replace("name: text", "name: text not null").replace("columns: { id: int }", "columns: { id: bigint }");
    project.write("schema.yaml", &more);
    project.run(&["apply", "--yes", "--allow", "access,rewrite,block"], 0);
    project.settled();

    // What the platform owns it may refer to, not change.
    let auth = "  auth: { tables: { users: { columns: { id: uuid not null, email: text, more: int }, primary_key: [id] } } }\n";
    project.write("schema.yaml", &(more + auth));
    let before = database.pg_dump();
    let refused = project.run(&["apply", "--yes", "--allow", "access,breaking,data"], 3).stderr;
    let text = refused.replace("\n  | ", " ").replace("\n        ", " ");
    for told in ["it must own table `auth.users`, which belongs to `supabase_admin`", "nothing was changed"] {
        assert!(text.contains(told), "{told}:\n{text}");
    }
    assert_eq!(database.pg_dump(), before);
    // Nor do extensions and what is theirs come along.
    let pulled = project.run(&["pull", "--schema", "public,shop,extensions"], 0).stdout;
    assert!(!pulled.contains("similarity"), "{pulled}");
}

#[test]
fn a_role_as_on_rds_builds_and_changes_its_own() {
    let cluster = own_cluster();
    let database = Database::named(cluster.server(), "shop");
    database.psql(RDS);
    let project = Project::new(&database, &[("schema.yaml", SHOP), ("roles.yaml", ROLES)]).user("app_admin");
    project.run(&["apply", "--yes", "--allow", "access"], 0);
    project.settled();
    // What only the service may decide is left to it, and nothing of the transaction stays.
    let before = database.pg_dump();
    project.write("roles.yaml", &ROLES.replace("shop_owner: {}", "shop_owner: { bypass_rls: true }"));
    let output = project.run(&["apply", "--yes", "--allow", "access"], 1);
    assert!(output.stderr.contains("nothing was changed"), "{}", output.stderr);
    assert_eq!(database.pg_dump(), before);
}
