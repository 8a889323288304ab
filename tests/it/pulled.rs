//! A database made by SQL that we did not write, pulled and built again elsewhere: `pg_dump` sees no difference.

use crate::support::binary::{dbstate, dbstate_with};
use crate::support::cluster::{cluster, own_cluster};
use crate::support::database::{Database, without_column_order};

const SQL: &str = r#"
create schema shop; create schema "Odd.Schema";
create extension pg_trgm schema shop; create extension btree_gist schema public; create extension citext schema shop;
comment on extension citext is 'letters';
create type shop.status as enum ('new', 'it''s', 'back\slash', 'a "b"');
comment on type shop.status is 'where it is';
create type "Odd.Schema"."Mixed Case" as enum ();
create domain shop.email as shop.citext collate "C" default 'x@y' not null check (value ~ '@') check (value <> '');
create domain shop.email2 as shop.email;
alter domain shop.email2 add constraint "Second Check" check (value <> 'b') not valid;
comment on constraint "Second Check" on domain shop.email2 is 'two';
create domain shop.amount as numeric(12, 2) default 0;
create function shop.half(a int) returns int language sql immutable return a / 2;
create table shop.users (
    id bigint generated always as identity primary key, "Name" text, tenant int, no int, at timestamptz default now(),
    email shop.email, doc jsonb, tags text[], room int, during tsrange, status shop.status default 'it''s',
    code varchar(5) collate "C",
    constraint "Uni Que" unique (tenant, no) include ("Name") with (fillfactor = 50),
    constraint waits unique (room) deferrable initially deferred,
    constraint c1 check (id > 0 and "Name" in ('a', 'b')) no inherit, check (status <> 'new' or no between 1 and 3),
    constraint ex exclude using gist (room with =, during with &&) where (no is not null) deferrable,
    constraint ex2 exclude (lower("Name") collate "POSIX" text_pattern_ops with =)
);
alter table shop.users add constraint later check (shop.half(no) > 1) not valid;
create table shop.orders (
    id int not null, part int not null, user_id bigint not null references shop.users on delete cascade,
    tenant int, no int, parent int, parent_part int,
    constraint "Key" primary key (id, part) include (no) deferrable,
    constraint f1 foreign key (tenant, no) references shop.users (tenant, no) match full on update set default,
    constraint f3 foreign key (user_id) references shop.users (id) not valid
);
alter table shop.users add column last int, add column last_part int;
create unique index orders_plain on shop.orders (part, id);
alter table shop.users add constraint mutual foreign key (last, last_part) references shop.orders (part, id)
    on delete set null (last) deferrable initially deferred;
comment on constraint mutual on shop.users is 'both ways'; comment on constraint "Key" on shop.orders is 'key';
create table shop.cold (a int, constraint cold_pk primary key (a) with (fillfactor = 90));
create table "Odd.Schema"."T.1" (a int primary key, "b.c" text unique nulls not distinct, check ("b.c" <> ''));
create index on shop.users (at desc, id nulls first, "Name" collate "POSIX", code varchar_pattern_ops desc nulls last);
create index on shop.users using gin (doc jsonb_path_ops, tags) with (fastupdate = off, gin_pending_list_limit = 128);
create index trgm on shop.users using gist ("Name" shop.gist_trgm_ops (siglen = 32));
create index on shop.users using brin (at timestamptz_minmax_multi_ops (values_per_range = 16)) with (pages_per_range = 8);
create index on shop.users (lower("Name"), (tenant + no) desc, shop.half(no), (email::text) collate "C") include (doc) where status = 'new';
create unique index on shop.users (coalesce("Name", ''), (doc ->> 'x')) nulls not distinct;
create index on shop.users using hash (code); create index on shop.users (lower(code)); create index on shop.users ((code || 'x'));
comment on index shop.trgm is 'letters';
create materialized view shop.m as select id, "Name" from shop.users; create unique index "M Idx" on shop.m ("Name" desc);
alter index shop.trgm set (fillfactor = 80);
"#;

#[test]
fn what_is_pulled_builds_the_same_database() {
    is_built_again(&match cluster().version().major {
        ..15 => SQL.replace(" nulls not distinct", "").replace("on delete set null (last)", ""),
        _ => SQL.to_owned(),
    });
}

/// Indexes of partitioned tables in states that take several statements: with some parts only, with a key as a part.
const PARTS: &str = "
create schema shop;
create table shop.a (a int, b text) partition by range (a);
create table shop.a1 partition of shop.a for values from (0) to (9) partition by range (a);
create table shop.a11 partition of shop.a1 for values from (0) to (5);
create unique index on only shop.a1 (a); create unique index on only shop.a (a);
alter index shop.a_a_idx attach partition shop.a1_a_idx;
create table shop.b (a int, b text) partition by range (a);
create table shop.b1 partition of shop.b for values from (0) to (5);
create table shop.b2 partition of shop.b for values from (5) to (9);
create index on shop.b2 (b); create index on only shop.b (b);
alter index shop.b_b_idx attach partition shop.b2_b_idx;
create table shop.c (a int not null) partition by list (a);
create table shop.c1 partition of shop.c for values in (1); alter table shop.c1 add primary key (a);
create unique index on shop.c (a);
create table shop.d (a int) partition by list (a);
create table shop.d1 partition of shop.d for values in (1) partition by list (a);
create table shop.d11 partition of shop.d1 for values in (1);
create index on shop.d (a); alter table shop.d11 cluster on d11_a_idx;
";

#[test]
fn parts_of_indexes_are_built_again() {
    is_built_again(PARTS);
}

#[test]
fn an_index_of_a_partition_like_a_part_beside_it_is_not_lost() {
    let (there, here, dir) = (Database::create(), Database::create(), tempfile::tempdir().expect("a directory"));
    there.psql(
        "create schema shop; create table shop.a (a int) partition by list (a);
         create table shop.b partition of shop.a for values in (1);
         create index on shop.a (a); create index own on shop.b (a)",
    );
    for args in [vec!["pull", "-o", ".", "-d"], vec!["plan", "--exit-code", "-d"]] {
        let output = dbstate([args, vec![&there.url()]].concat(), dir.path());
        assert_eq!(output.code, Some(0), "{}\n{}", output.stdout, output.stderr);
    }
    for args in [vec!["apply", "--yes", "-d"], vec!["plan", "--exit-code", "-d"]] {
        let output = dbstate([args, vec![&here.url()]].concat(), dir.path());
        assert_eq!(output.code, Some(0), "{}\n{}", output.stdout, output.stderr);
    }
    let indexes = "select string_agg(indexname, ' ' order by indexname) from pg_indexes where schemaname = 'shop'";
    assert_eq!(there.psql(indexes), here.psql(indexes));
    assert_eq!(here.psql(indexes).trim(), "a_a_idx b_a_idx own");
}

#[test]
fn a_role_without_privileges_may_pull() {
    let cluster = own_cluster();
    let database = Database::create_in(cluster.server());
    database.psql("create schema shop; create table shop.a (id int primary key, b text); create role clerk login");
    let dir = tempfile::tempdir().expect("a directory");
    let [all, less] = ["postgres", "clerk"].map(|user| {
        let output = dbstate(["pull", "-U", user, "-d", &database.url()], dir.path());
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        output.stdout
    });
    assert_eq!(all, less);
}

/// PostgreSQL gives the copy a sequence of `bigint` with the bounds of `int`.
#[test]
fn an_identity_like_another_is_pulled() {
    let database = Database::create();
    database.psql(
        "create schema shop; create table shop.a (id int generated always as identity (minvalue -5));
         create table shop.b (like shop.a including identity)",
    );
    let dir = tempfile::tempdir().expect("a directory");
    for (command, of) in [("pull", "-o"), ("plan", "-f")] {
        let file = dir.path().join("schema.yaml");
        let output = dbstate([command, "-d", &database.url(), of, file.to_str().expect("a name")], dir.path());
        assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    }
}

#[test]
fn whose_a_not_null_is_is_pulled() {
    is_built_again(
        "create schema shop; create table shop.base (a int not null, b int);
         create table shop.heir () inherits (shop.base); alter table shop.heir alter a set not null;
         create table shop.merged (a int) inherits (shop.base);
         create table shop.both (a int not null) inherits (shop.base);
         create table shop.named (a int constraint other not null) inherits (shop.base);
         create table shop.other (a int not null);
         create table shop.two () inherits (shop.base, shop.other); alter table shop.two alter a set not null",
    );
}

#[test]
fn what_a_table_only_inherits_is_not_written() {
    let (database, dir) = (Database::create(), tempfile::tempdir().expect("a directory"));
    database.psql(
        "create schema shop; create table shop.a (a int, b text not null) partition by list (a);
         create table shop.b partition of shop.a for values in (1);
         create table shop.c (a int); create table shop.d () inherits (shop.c)",
    );
    let output = dbstate(["pull", "-q", "-o", ".", "-d", &database.url()], dir.path());
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let text = std::fs::read_to_string(dir.path().join("shop.yaml")).expect("a file");
    assert_eq!(text.matches("columns:").count(), 2, "{text}");
}

#[test]
fn what_is_pulled_does_not_depend_on_the_order_in_which_it_was_made() {
    let sorts = ["int", "text", "date", "bigint", "char(3)"];
    let made = |sorts: &[&str]| {
        let database = Database::create();
        for sort in sorts {
            database.psql(&format!(
                "create schema \"of {sort}\"; create schema if not exists shop;
                 create function shop.f(a {sort}) returns int language sql as 'select 1';
                 create function shop.g(a {sort}, b {sort}) returns int language sql as 'select 1';
                 create operator shop.@ (function = shop.g, leftarg = {sort}, rightarg = {sort});
                 create function shop.add(a int, b {sort}) returns int language sql as 'select a';
                 create aggregate shop.h({sort}) (sfunc = shop.add, stype = int)"
            ));
        }
        database.psql("alter schema \"of int\" owner to current_user; comment on schema \"of text\" is 'touched'");
        let dir = tempfile::tempdir().expect("a directory");
        let output = dbstate(["pull", "-q", "-o", ".", "-d", &database.url()], dir.path());
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        ["dbstate.yaml", "shop.yaml"].map(|name| std::fs::read_to_string(dir.path().join(name)).expect("a file"))
    };
    let forwards = made(&sorts);
    let mut sorts = sorts;
    sorts.reverse();
    assert_eq!(forwards, made(&sorts));
}

#[test]
fn privileges_on_objects_of_postgresql_are_named_where_they_are_not_written() {
    let database = Database::create();
    database.psql("create schema shop; create extension pg_stat_statements schema shop");
    let dir = tempfile::tempdir().expect("a directory");
    let pull = || {
        let output = dbstate(["pull", "-d", &database.url()], dir.path());
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        output.stderr
    };
    assert_eq!(pull(), "", "nothing was changed");
    database.psql(
        "revoke execute on function pg_catalog.pg_sleep(double precision) from public;
         grant select (rolname) on pg_catalog.pg_authid to pg_monitor;
         grant select on shop.pg_stat_statements to pg_monitor;
         grant execute on function pg_catalog.pg_ls_dir(text) to pg_monitor;
         revoke execute on function pg_catalog.pg_ls_dir(text) from pg_monitor",
    );
    let said = pull();
    for name in
        ["column rolname of table pg_authid", "function pg_sleep(double precision)", "view shop.pg_stat_statements"]
    {
        assert!(said.contains(name), "{said}");
    }
    assert!(!said.contains("pg_ls_dir"), "granted and taken back: {said}");
}

#[test]
fn several_schemas_are_one_text_like_one_that_is_written_at_once() {
    let database = Database::create();
    database.psql(
        "create schema \"B c\"; create schema a; create schema empty; create table a.t (id int); create type \"B c\".mood as enum ('on');
         create view a.v as select 1 as one; create publication news for table a.t; create extension isn schema empty",
    );
    let dir = tempfile::tempdir().expect("a directory");
    let output = dbstate(["pull", "-d", &database.url(), "--manage", "database"], dir.path());
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let keys: Vec<&str> = output.stdout.lines().filter(|line| line.starts_with(|c: char| c.is_alphabetic())).collect();
    let mut once = keys.clone();
    once.dedup_by_key(|line| line.split(':').next());
    assert_eq!(keys.len(), once.len(), "{}", output.stdout);
    assert_eq!(keys.iter().filter(|line| line.starts_with("schemas:")).count(), 1, "{keys:?}");
    std::fs::write(dir.path().join("schema.yaml"), &output.stdout).expect("a file");
    let formatted = dbstate(["fmt", "--check"], dir.path());
    assert_eq!(formatted.code, Some(0), "{}{}", formatted.stdout, output.stdout);
    let plan = dbstate(["plan", "--exit-code", "-d", &database.url(), "--manage", "database"], dir.path());
    assert_eq!(plan.code, Some(0), "{}{}", plan.stdout, plan.stderr);
}

/// Pulls a database made by this SQL, and builds it again: `pg_dump` sees no difference.
fn is_built_again(sql: &str) {
    let (there, here) = (Database::create(), Database::create());
    there.psql(sql);
    let dir = tempfile::tempdir().expect("a directory");
    let run = |args: &[&str]| {
        let output = dbstate(args, dir.path());
        assert_eq!(output.code, Some(0), "{args:?}\n{}\n{}", output.stdout, output.stderr);
        output.stdout
    };
    run(&["pull", "-q", "--manage", "database", "-o", "pulled", "-d", &there.url()]);
    run(&["plan", "--exit-code", "-f", "pulled", "-d", &there.url()]);
    run(&["apply", "--yes", "-q", "-f", "pulled", "-d", &here.url()]);
    here.forget();
    run(&["plan", "--exit-code", "-f", "pulled", "-d", &here.url()]);
    here.psql("drop schema if exists dbstate cascade");
    assert_eq!(without_column_order(&there.pg_dump()), without_column_order(&here.pg_dump()));
}

#[test]
fn what_no_kind_reads_is_named_and_nothing_is_written() {
    let database = Database::create();
    database.psql(
        "create table plain (note text);
         grant select (ctid) on plain to public;
         set allow_system_table_mods = on; create function pg_catalog.mine() returns int language sql as 'select 1'",
    );
    let dir = tempfile::tempdir().expect("a directory");
    let output = dbstate(["pull", "-o", "pulled", "-d", &database.url()], dir.path());
    assert_eq!(output.code, Some(1), "{}", output.stdout);
    for said in ["function mine() stands in `pg_catalog`", "grant on column ctid of table plain", "nothing was written"]
    {
        assert!(output.stderr.contains(said), "{}", output.stderr);
    }
    assert!(!output.stderr.contains("note"), "what is read is not named: {}", output.stderr);
    assert!(!dir.path().join("pulled").exists());
}

#[test]
fn an_index_that_is_no_part_of_an_unfinished_one_is_named() {
    let database = Database::create();
    database.psql(
        "create table t (a int, b int) partition by range (a);
         create table t1 partition of t for values from (0) to (10);
         create table t2 partition of t for values from (10) to (20);
         create index t_b on only t (b); create index t1_own on t1 (b); create index t2_own on t2 (b);
         create index t_other on only t (b) where a > 0; create index t1_other on t1 (b) where a > 1",
    );
    let dir = tempfile::tempdir().expect("a directory");
    let pull = || dbstate(["pull", "-o", "pulled", "-d", &database.url()], dir.path());
    assert_eq!(pull().code, Some(0), "none is attached, which is what an apply would do");
    database.psql("alter index t_b attach partition t1_own");
    let output = pull();
    assert_eq!(output.code, Some(1), "{}", output.stdout);
    assert!(output.stderr.contains("index t2_own is no part of the unfinished index above"), "{}", output.stderr);
    assert!(!output.stderr.contains("t1_"), "{}", output.stderr);
    database.psql("alter index t_b attach partition t2_own");
    assert_eq!(pull().code, Some(0));
}

#[test]
fn a_foreign_key_beside_the_same_from_above_is_named() {
    let database = Database::create();
    database.psql(
        "create table r (id int primary key);
         create table t (id int constraint above references r) partition by list (id);
         create table t1 partition of t for values in (1);
         alter table t1 add constraint own foreign key (id) references r",
    );
    let dir = tempfile::tempdir().expect("a directory");
    let pull = || dbstate(["pull", "-o", "pulled", "-d", &database.url()], dir.path());
    let output = pull();
    assert_eq!(output.code, Some(1), "{}", output.stdout);
    assert!(output.stderr.contains("constraint own on table t1 checks the same as one"), "{}", output.stderr);
    database.psql("alter table t1 drop constraint own");
    assert_eq!(pull().code, Some(0));
}

#[test]
fn that_there_is_no_comment_is_pulled_where_there_is_one_by_itself() {
    let (database, other) = (Database::create(), Database::create());
    database.psql("comment on schema public is null; create table public.t (id int)");
    let dir = tempfile::tempdir().expect("a directory");
    let run = |args: &[&str], database: &Database<'_>| {
        let output = dbstate(args.iter().copied().chain(["-d", &database.url()]), dir.path());
        assert_eq!(output.code, Some(0), "{args:?}: {}", output.stderr);
    };
    run(&["pull", "-o", "."], &database);
    run(&["plan", "--exit-code"], &database);
    run(&["apply", "--yes"], &other);
    assert_eq!(other.psql("select obj_description('public'::regnamespace) is null"), "t");
    database.psql("comment on schema public is 'standard public schema'; comment on table public.t is 'x'");
    let text = "schemas: { public: { tables: { t: { comment: '', columns: { id: int } } } } }";
    std::fs::write(dir.path().join("t.yaml"), text).expect("written");
    run(&["apply", "--yes", "-f", "t.yaml"], &database);
    run(&["plan", "--exit-code", "-f", "t.yaml"], &database);
}

#[test]
fn what_falls_with_an_extension_and_what_is_only_named_is_not_missed() {
    let database = Database::create();
    database.psql(
        "create extension earthdistance cascade;
         create function public.same(boolean, boolean) returns boolean language sql as 'select $1 = $2';
         create operator public.=== (leftarg = boolean, rightarg = boolean, procedure = public.same, negator = operator(public.!==))",
    );
    let dir = tempfile::tempdir().expect("a directory");
    for args in [&["pull", "-o", "."][..], &["plan", "--exit-code"]] {
        let output = dbstate([args, &["-d", &database.url()]].concat(), dir.path());
        assert_eq!(output.code, Some(0), "{args:?}\n{}\n{}", output.stdout, output.stderr);
    }
}

#[test]
fn a_secret_of_the_environment_does_not_matter_to_a_pull() {
    let database = Database::create();
    database.psql(
        "create foreign data wrapper w; create server s foreign data wrapper w;
         create user mapping for current_user server s options (user 'x', password 'public')",
    );
    let dir = tempfile::tempdir().expect("a directory");
    let pull = |variables: &[(&str, &str)]| {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let output = dbstate_with(["pull", "-q", "-d", &database.url()], dir.path(), &variables);
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        output.stdout
    };
    let text = pull(&[]);
    let name = text.split("env: ").nth(1).and_then(|rest| rest.split([' ', '\n', '}']).next()).expect("a variable");
    assert_eq!(pull(&[(name, "other")]), text);
}
