//! Before the first statement: whether the role that applies may run them all, and whether a role may go.

use dbstate::local::Ephemeral;

use crate::support::cluster::own_cluster;
use crate::support::database::Database;
use crate::support::project::Project;

const SHOP: &str = "
schemas:
  shop:
    tables:
      orders: { columns: { id: bigint, no: int }, comment: What was ordered, indexes: { by_no: [no] } }
      more: { columns: { id: bigint } }
";

/// A cluster, and a database in which `app_owner` owns schema `shop` with a table; role `deploy` has nothing.
fn shop(cluster: &Ephemeral) -> Database<'_> {
    let database = Database::named(cluster.server(), "shop");
    database.psql(
        "create role app_owner; create role deploy login; create schema shop authorization app_owner;
         create table shop.orders (id bigint); alter table shop.orders owner to app_owner;
         grant usage on schema shop to deploy",
    );
    database
}

fn major(cluster: &Ephemeral) -> u32 {
    cluster.server().version().major
}

fn grant_without_inherit(cluster: &Ephemeral) -> &'static str {
    match major(cluster) {
        ..16 => "grant app_owner to deploy",
        _ => "grant app_owner to deploy with inherit false",
    }
}

#[test]
fn everything_that_is_missing_is_told_before_the_first_statement() {
    let cluster = own_cluster();
    let database = shop(&cluster);
    let files = [("schema.yaml", SHOP), ("roles.yaml", "roles: { clerk: {} }\n")];
    let project = Project::new(&database, &files).user("deploy");
    let before = database.pg_dump();
    let output = project.run(&["apply", "--yes", "--allow", "block"], 3);
    for told in [
        "role `deploy` may not run 3 statements: it must own table `shop.orders`, which belongs to `app_owner`",
        "run `grant app_owner to deploy`; nothing was changed",
        "role `deploy` may not run a statement: it needs `create` on schema `shop`",
        "let its owner run `grant create on schema shop to deploy`",
        "role `deploy` may not run a statement: it may not make roles",
        "let a superuser run `alter role deploy createrole`",
        "schema.yaml:5:40",
        "alter table shop.orders add column no integer",
    ] {
        let text = output.stderr.replace("\n        ", " ").replace("\n  | ", " ");
        assert!(text.contains(told), "{told}:\n{text}");
    }
    assert_eq!(database.pg_dump(), before);

    database.psql("grant app_owner to deploy; grant create on schema shop to deploy; alter role deploy createrole");
    project.run(&["apply", "--yes", "--allow", "block"], 0);
    project.settled();
}

#[test]
fn a_member_that_does_not_inherit_takes_on_the_owners_role() {
    let cluster = own_cluster();
    let database = shop(&cluster);
    database.psql("alter role deploy noinherit; insert into shop.orders values (1)");
    database.psql(grant_without_inherit(&cluster));
    let project = Project::new(&database, &[("schema.yaml", SHOP)]).user("deploy");
    // What is printed for psql does the same.
    let script = project.run(&["plan", "--format", "sql"], 0).stdout;
    for told in [
        "set local role app_owner;\nalter table shop.orders add column no integer;\nreset role;\n",
        "set role app_owner;\ncreate index concurrently by_no on shop.orders (no);\nreset role;\n",
    ] {
        assert!(script.contains(told), "{told}:\n{script}");
    }
    // Also outside of a transaction: the table holds a row.
    let output = project.run(&["apply", "--yes", "-v"], 0);
    assert!(output.stderr.contains("create index concurrently"), "{}", output.stderr);
    project.settled();
    let owners = "select string_agg(relname || ' ' || relowner::regrole, ', ' order by relname) from pg_class
                  where relnamespace = 'shop'::regnamespace";
    assert_eq!(database.psql(owners), "by_no app_owner, more app_owner, orders app_owner");
}

#[test]
fn what_is_handed_over_stays_within_reach() {
    let cluster = own_cluster();
    let database = Database::named(cluster.server(), "shop");
    database.psql("create role app_owner; create role deploy login noinherit; grant create on database shop to deploy");
    let schema = SHOP.replacen("  shop:\n", "  shop:\n    owner: app_owner\n", 1);
    let files = [("schema.yaml", schema.as_str()), ("roles.yaml", "roles: { app_owner: { external: true } }\n")];
    let project = Project::new(&database, &files).user("deploy");
    let output = project.run(&["apply", "--yes"], 3);
    assert!(output.stderr.contains("it can't `set role` to `app_owner`"), "{}", output.stderr);
    // Once the schema is handed over, who does not inherit finds nothing in it.
    database.psql(grant_without_inherit(&cluster));
    let output = project.run(&["apply", "--yes"], 3);
    assert!(output.stderr.contains("it needs `usage` on schema `shop`"), "{}", output.stderr);
    assert!(output.stderr.contains("grant app_owner to deploy"), "{}", output.stderr);
    database.psql("revoke app_owner from deploy; alter role deploy inherit; grant app_owner to deploy");
    project.run(&["apply", "--yes"], 0);
    project.settled();
    assert_eq!(database.psql("select nspowner::regrole from pg_namespace where nspname = 'shop'"), "app_owner");
}

/// Managed services: no superuser, but one role that may make roles and databases and is a member of many.
#[test]
fn a_managed_service_is_served() {
    let cluster = own_cluster();
    let database = Database::named(cluster.server(), "shop");
    database.psql(
        "create role rds_superuser createrole; create role master login createrole createdb in role rds_superuser;
         alter database shop owner to master; alter schema public owner to pg_database_owner",
    );
    let roles = "roles:
  shop_owner: {}
  master: { login: true, createrole: true, createdb: true, member_of: [shop_owner, rds_superuser] }
  app: { login: true, member_of: [reader], settings: { statement_timeout: 30s }, grants: { database: connect } }
  reader: { grants: { schemas: { shop: usage }, tables: { shop.orders: select } } }
  rds_superuser: { external: true }
";
    let schema = SHOP.replacen("  shop:\n", "  shop:\n    owner: shop_owner\n    grants: { master: usage }\n", 1);
    let project = Project::new(&database, &[("schema.yaml", &schema), ("roles.yaml", roles)]).user("master");
    project.run(&["apply", "--yes", "--allow", "access"], 0);
    project.settled();
    project.write("roles.yaml", &roles.replace("  app: { login: true, member_of: [reader],", "  app: { login: true,"));
    project.run(&["apply", "--yes", "--allow", "access"], 0);
    project.settled();
}

#[test]
fn from_16_on_who_makes_roles_administers_only_its_own() {
    let cluster = own_cluster();
    let database = Database::named(cluster.server(), "shop");
    database.psql("create role maker login createrole; create role other; grant create on database shop to maker");
    let project = Project::new(&database, &[("roles.yaml", "roles: { mine: {}, other: {} }\n")]).user("maker");
    project.run(&["apply", "--yes", "-f", "roles.yaml"], 0);
    project.write("roles.yaml", "roles: { mine: { login: true }, other: { login: true } }\n");
    if major(&cluster) < 16 {
        project.run(&["apply", "--yes", "-f", "roles.yaml"], 0);
        return;
    }
    let output = project.run(&["apply", "--yes", "-f", "roles.yaml"], 3);
    assert!(output.stderr.contains("it may not administer role `other`"), "{}", output.stderr);
    assert!(!output.stderr.contains("role `mine`"), "{}", output.stderr);
    database.psql("grant other to maker with admin option");
    project.run(&["apply", "--yes", "-f", "roles.yaml"], 0);
}

const OLD: &str = "roles: { old: {}, heir: {} }\n";

/// Two databases in which role `old` owns and is granted this and that.
fn two_databases(cluster: &Ephemeral) -> [Database<'_>; 2] {
    let databases = ["one", "two"].map(|name| Database::named(cluster.server(), name));
    databases[0].psql("create role old; create role heir");
    for database in &databases {
        database.psql(
            "create schema s; create table s.t (id int); alter table s.t owner to old; create view s.v as select 1 as one;
             grant select on s.v to old; alter default privileges for role old grant select on tables to heir",
        );
    }
    databases
}

#[test]
fn a_role_that_still_has_something_does_not_go() {
    let cluster = own_cluster();
    let [one, _two] = two_databases(&cluster);
    let project = Project::new(&one, &[("roles.yaml", OLD)]);
    project.settled_of("roles.yaml");
    project.write("roles.yaml", &OLD.replace("old: {}", "old: { absent: true }"));
    let output = project.run(&["apply", "--yes", "--allow", "access", "-f", "roles.yaml"], 3);
    let text = output.stderr.replace("\n  | ", " ").replace("\n        ", " ");
    for told in [
        "role `old` can't be dropped: in database `one` it owns default privileges on new relations belonging to role old",
        "owns table s.t, has privileges on view s.v",
        "in database `two` it ",
        "owns an object (2 times)",
        "has privileges on an object",
        "say `reassign_to: ROLE`",
    ] {
        assert!(text.contains(told), "{told}:\n{text}");
    }
    assert_eq!(one.psql("select count(*) from pg_roles where rolname = 'old'"), "1");
}

#[test]
fn what_a_role_owned_goes_to_its_heir() {
    let cluster = own_cluster();
    let [one, two] = two_databases(&cluster);
    let heir = "roles: { old: { absent: true, reassign_to: next }, next: {}, heir: {} }\n";
    let project = Project::new(&one, &[("roles.yaml", heir)]);
    let output = project.run(&["apply", "--yes", "--allow", "access", "-f", "roles.yaml"], 3);
    assert!(output.stderr.contains("can't be dropped: in database `two` it"), "{}", output.stderr);
    assert!(!output.stderr.contains("database `one`"), "{}", output.stderr);
    two.psql("drop owned by old cascade");
    let plan = project.run(&["plan", "--format", "sql", "-f", "roles.yaml"], 0).stdout;
    let steps: Vec<&str> = plan.lines().filter(|line| line.contains("old") && !line.starts_with("--")).collect();
    assert_eq!(steps, ["reassign owned by old to next;", "drop owned by old;", "drop role old;"]);
    project.run(&["apply", "--yes", "--allow", "access", "-f", "roles.yaml"], 0);
    project.settled_of("roles.yaml");
    assert_eq!(one.psql("select relowner::regrole from pg_class where oid = 's.t'::regclass"), "next");
    let bad = "roles: { old: { reassign_to: next }, next: {} }\n";
    project.write("roles.yaml", bad);
    let output = project.run(&["plan", "-f", "roles.yaml"], 1);
    assert!(output.stderr.contains("role `old` says `reassign_to`, and is not to go"), "{}", output.stderr);
}
