//! Security labels, as far as they can be tried without a provider: none is packaged, so rows are put into the catalogs.
//!
//! What they show: `pull` writes labels, `plan` finds nothing then, `drift` names what changed by hand, and every statement
//! is one that PostgreSQL understands. That a provider takes the label, nothing here can show.

use dbstate::local::Server;

use crate::support::cluster::own_cluster;
use crate::support::database::Database;
use crate::support::project::Project;

const SQL: &str = "
create role clerk; create schema shop;
create table shop.t (a int, b text); create view shop.v as select 1 as one;
create materialized view shop.m as select 1 as one; create sequence shop.s;
create function shop.f(int) returns int language sql as 'select 1'; create procedure shop.p() language sql as 'select 1';
create aggregate shop.total(int) (sfunc = int4pl, stype = int);
create type shop.e as enum ('a'); create type shop.c as (a int); create type shop.r as range (subtype = int);
create domain shop.d as int; create publication pub for table shop.t;
create function shop.et() returns event_trigger language plpgsql as 'begin end';
create event trigger et on ddl_command_end execute function shop.et();
create foreign data wrapper w; create server far foreign data wrapper w; create foreign table shop.ft (a int) server far;
select lo_create(7);
";

/// Puts a label on each of these, as a provider would have.
const LABELS: &str = "
insert into pg_seclabel (classoid, objoid, objsubid, provider, label)
select classid, objid, objsubid, 'dummy', 'secret' from (
    select 'pg_class'::regclass, oid, 0 from pg_class where relnamespace = 'shop'::regnamespace
    union all select 'pg_class'::regclass, 'shop.t'::regclass, 2
    union all select 'pg_proc'::regclass, oid, 0 from pg_proc where pronamespace = 'shop'::regnamespace and proname !~ '^r'
    union all select 'pg_type'::regclass, oid, 0 from pg_type where typnamespace = 'shop'::regnamespace
        and typname in ('e', 'c', 'r', 'd')
    union all select 'pg_namespace'::regclass, 'shop'::regnamespace::oid, 0
    union all select 'pg_publication'::regclass, oid, 0 from pg_publication
    union all select 'pg_event_trigger'::regclass, oid, 0 from pg_event_trigger
    union all select 'pg_largeobject'::regclass, oid, 0 from pg_largeobject_metadata
) x (classid, objid, objsubid);
delete from pg_seclabel where classoid = 'pg_class'::regclass and objoid = (select typrelid from pg_type where typname = 'c');
insert into pg_shseclabel (classoid, objoid, provider, label) values
    ('pg_authid'::regclass, 'clerk'::regrole, 'dummy', 'low'),
    ('pg_database'::regclass, (select oid from pg_database where datname = current_database()), 'dummy', 'high');
";

fn labelled(server: &Server) -> Database<'_> {
    let database = Database::create_in(server);
    database.psql(SQL);
    database.psql(LABELS);
    database
}

fn pulled(database: &Database<'_>) -> Project {
    let project = Project::new(database, &[]);
    project.run(&["pull", "-q", "--manage", "database", "-o", "."], 0);
    project
}

#[test]
fn labels_are_pulled_and_what_changes_them_by_hand_is_drift() {
    let cluster = own_cluster();
    let database = labelled(cluster.server());
    let project = pulled(&database);
    let files = ["shop.yaml", "roles.yaml", "database.yaml"];
    let text = files.map(|name| std::fs::read_to_string(project.path().join(name)).unwrap_or_default()).concat();
    let all: usize =
        database.psql("select count(*) from pg_seclabels where provider = 'dummy'").parse().expect("a number");
    assert_eq!(text.matches("security_labels: { dummy: ").count(), all, "{text}");
    project.settled();
    for (sql, named) in [
        ("update pg_seclabel set label = 'open' where objoid = 'shop.t'::regclass and objsubid = 2", "shop.t.b.dummy"),
        ("delete from pg_seclabel where objoid = 'shop.v'::regclass", "shop.v.dummy"),
        ("update pg_shseclabel set label = 'none' where classoid = 'pg_authid'::regclass", "clerk.dummy"),
    ] {
        database.psql(sql);
        let drift = project.run(&["drift"], 2);
        assert!(drift.stdout.contains(&format!("security label `{named}`")), "{}", drift.stdout);
    }
}

/// The statements name their objects as PostgreSQL wants: it understands them, and misses only the provider.
#[test]
fn a_provider_that_is_not_there_is_an_error_in_its_place() {
    let cluster = own_cluster();
    let database = labelled(cluster.server());
    let project = pulled(&database);
    database.psql("delete from pg_seclabel; delete from pg_shseclabel");
    let plan = project.run(&["plan", "--format", "sql"], 0).stdout;
    let statements: Vec<&str> = plan.lines().filter(|line| line.starts_with("security label ")).collect();
    assert!(statements.len() > 15, "{plan}");
    for statement in statements {
        let error = format!(
            "do $do$ begin execute $x$ {} $x$; raise 'it is taken';
             exception when invalid_parameter_value then null; end $do$",
            statement.trim_end_matches(';')
        );
        database.psql(&error);
    }
    let failed = project.run(&["apply", "--yes", "--allow", "access"], 1);
    assert!(failed.stderr.contains("security label provider \"dummy\" is not loaded"), "{}", failed.stderr);
    assert!(failed.stderr.contains(".yaml:") && failed.stderr.contains("nothing was changed"), "{}", failed.stderr);
    assert_eq!(database.psql("select count(*) from pg_seclabels"), "0");
}
