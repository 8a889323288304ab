//! Kinds that hold code: functions, procedures, views, triggers, policies. Two databases are made by hand; the plan from
//! the one to the other must make them equal, in our eyes and in those of `pg_dump`.

use dbstate::catalog;
use dbstate::diff::diff;
use dbstate::kind::{Scope, find};
use dbstate::kinds::register;
use dbstate::model::{KindName, Server, State};
use dbstate::plan::{Input, Plan, plan};
use dbstate::session::{Target, connect};

use crate::support::database::Database;

/// What every test starts with.
const BASE: &str = "create schema shop;
create type shop.status as enum ('new', 'paid');
create table shop.orders (id bigint not null, total numeric, status text, \"Mixed\" text);
create table shop.users (id bigint not null);
create function shop.touch() returns trigger language plpgsql as 'begin return new; end';
";

fn read(database: &Database<'_>) -> (State, Server) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let target = Target::parse(&database.url()).expect("a target");
        let session = connect(&target, &[]).await.expect("a session");
        let server = catalog::server(&session.client).await.expect("a server");
        let state = catalog::read(&session.client, server.version, register()).await;
        let mut state = state.unwrap_or_else(|e| panic!("{e}\n{e:?}"));
        // Other tests share the cluster, and make roles meanwhile.
        state.retain(|at, _| find(register(), at.top().kind()).rules.scope == Scope::Database);
        (state, server)
    })
}

/// Plans from a database made by `before` to one made by `after`, both on top of the base; applies and compares.
#[track_caller]
fn converge(before: &str, after: &str) -> Plan {
    let [live, wanted] = [before, after].map(|sql| {
        let database = Database::create();
        database.psql(&format!("{BASE}{sql}"));
        database
    });
    let (live_state, server) = read(&live);
    let (mut wanted_state, _) = read(&wanted);
    for facet in ["owner", "grant", "comment"] {
        wanted_state.claim(KindName(facet));
    }
    survives_printing(&wanted_state);
    let input = Input {
        live: &live_state,
        whole: &live_state,
        desired: &wanted_state,
        server: &server,
        register: register(),
        online: true,
        suspects: None,
    };
    let plan = plan(input).unwrap_or_else(|e| panic!("{e:?}"));
    let statements: String = plan.steps.iter().map(|s| format!("{};\n", s.sql)).collect();
    live.psql(&format!("set search_path = ''; begin; {statements} commit"));
    let (reached, _) = read(&live);
    assert!(diff(&reached, &wanted_state).is_empty(), "{:?}\n{statements}", diff(&reached, &wanted_state));
    assert_eq!(live.pg_dump(), wanted.pg_dump(), "{statements}");
    plan
}

/// What is written is read back the same, and keeps its key.
fn survives_printing(state: &State) {
    for (at, object) in state.iter() {
        let entry = find(register(), at.kind());
        if entry.homes.iter().any(|h| h.form == dbstate::kind::Form::Free) {
            continue;
        }
        let node = (entry.write)(&*object.spec);
        let back = (entry.read)(&node).unwrap_or_else(|e| panic!("{at}: {e}\n{node:?}"));
        assert!(back.same(&*object.spec), "{at}: {back:?}\n{:?}", object.spec);
        if !at.key().is_empty() {
            assert_eq!((entry.key)(&*back, at.key(), at.parent()).expect("a key"), at.key());
        }
    }
}

/// The statements, a line each.
fn sql(plan: &Plan) -> String {
    plan.steps.iter().map(|s| format!("{};\n", s.sql.replace('\n', " "))).collect()
}

/// The first words of each statement.
fn heads(plan: &Plan, words: usize) -> Vec<String> {
    plan.steps.iter().map(|s| s.sql.split_whitespace().take(words).collect::<Vec<_>>().join(" ")).collect()
}

const FUNCTIONS: &str = r#"
create function shop.total(order_id bigint) returns numeric language sql stable parallel safe cost 7.5
    as 'select total from shop.orders where id = order_id';
create function shop.plain(int, double precision) returns int language sql as $$ select 1 $$;
create function shop.defaults(a int default 1, "B c" text default 'x, y', d timestamp(3) with time zone = now()) returns void
    language plpgsql security definer set search_path = shop, "$user", pg_temp set work_mem = '64MB' as $x$begin
  -- $$ quoted
  perform 1;
end$x$;
create function shop.empty_path() returns int language sql set search_path = '' as 'select 1';
create function shop.outs(in a int, out b text, inout c varchar(9)) language sql as $$ select 'b', c $$;
create function shop.set_outs(out a int, out b text) returns setof record language sql rows 5 as $$ select 1, 'b' $$;
create function shop.rows() returns table(id bigint, "E mail" text) language sql rows 12 as $$ select 1::bigint, 'x' $$;
create function shop.set_of() returns setof shop.orders language sql strict as $$ select * from shop.orders $$;
create function shop.many(variadic list text[]) returns bigint language sql immutable leakproof as $$ select 1::bigint $$;
create function shop.row_type(o shop.orders, s shop.status[]) returns shop.status language sql as $$ select 'new'::shop.status $$;
create function shop.atomic(a int) returns int language sql begin atomic select a + 1; select count(*)::int from shop.orders; end;
create function shop.returning(a int) returns int return a * 2;
create function shop."Odd (name)"(a "char", b bit(3), c interval day to second (3)) returns text language sql as $$ select 'x' $$;
create function shop.lower_c(text) returns text language internal strict immutable as 'lower';
create procedure shop.close(d date, inout n int default 0) language plpgsql as $$begin n := 1; end$$;
create procedure shop.atomic(a bigint) security definer begin atomic insert into shop.users values (a); end;
create procedure shop.outs(in a int, out b int) language sql as $$ select 1 $$;
create function shop.overloaded(a int) returns int language sql as $$ select 1 $$;
create function shop.overloaded(a text) returns int language sql as $$ select 2 $$;
create function shop.event() returns event_trigger language plpgsql as $$begin end$$;
create function shop.backslash() returns text language sql as $$ select 'a\b' $$;
comment on function shop.total(bigint) is 'Total';
revoke execute on function shop.total(bigint) from public;
revoke execute on procedure shop.close(date, int) from public;
"#;

#[test]
fn functions_are_made_from_nothing() {
    converge("", FUNCTIONS);
}

#[test]
fn functions_are_dropped() {
    let plan = converge(FUNCTIONS, "");
    assert!(sql(&plan).contains("drop function shop.\"Odd (name)\"(\"char\", bit, interval);\n"), "{}", sql(&plan));
    assert!(sql(&plan).contains("drop procedure shop.outs(in integer);\n"), "{}", sql(&plan));
}

#[test]
fn attributes_of_functions_are_altered() {
    let plan = converge(
        "create function shop.f(a int) returns setof int language sql stable cost 5 rows 7 strict
             set work_mem = '1MB' set search_path = shop as 'select 1';
         create procedure shop.p() language sql as 'select 1'",
        "create function shop.f(a int) returns setof int language sql immutable leakproof
             set search_path = '' as 'select 1';
         create procedure shop.p() language sql security definer set work_mem = '1MB' as 'select 1'",
    );
    assert_eq!(
        sql(&plan),
        "alter function shop.f(integer) immutable called on null input leakproof cost 100 rows 1000 reset work_mem \
         set search_path to '';\nalter procedure shop.p() security definer set work_mem to '1MB';\n"
    );
}

#[test]
fn functions_are_replaced_in_place_where_postgresql_can() {
    let plan = converge(
        "create function shop.f(int, b text) returns int language sql as 'select 1';
         create view shop.v as select shop.f(1, 'x') as n",
        "create function shop.f(a int, b text default 'x') returns int language sql as 'select 2';
         create view shop.v as select shop.f(1, 'x') as n",
    );
    assert_eq!(heads(&plan, 4), ["create or replace function"]);
}

#[test]
fn functions_are_made_anew_where_postgresql_can_not() {
    for (before, after) in [
        ("f(a int) returns int", "f(a int) returns bigint"),
        ("f(a int) returns int", "f(b int) returns int"),
        ("f(a int default 1) returns int", "f(a int) returns int"),
        ("f(a int, out b int, out c int)", "f(a int, out b int, out d int)"),
        ("f(variadic a int[]) returns int", "f(a int[]) returns int"),
        ("f() returns setof int", "f() returns int"),
    ] {
        let make = |head: &str| {
            let body = if head.contains("out c") || head.contains("out d") { "select 1, 2" } else { "select 1" };
            format!("create function shop.{head} language sql as '{body}'; comment on function shop.f is 'kept'")
        };
        let plan = converge(&make(before), &make(after));
        assert_eq!(heads(&plan, 2), ["drop function", "create function", "comment on"], "{before}");
    }
}

const VIEWS: &str = "
create view shop.open as select id, total from shop.orders where status = 'new';
create view shop.barrier with (security_barrier) as select id from shop.orders;
create view shop.checked as select id from shop.orders where id > 0 with local check option;
create view shop.checked2 with (security_barrier) as select id from shop.orders where id > 0 with check option;
create view shop.above as select o.id, b.id as other from shop.open o join shop.barrier b on b.id = o.id;
create recursive view shop.counted (n) as select 1 union all select n + 1 from counted where n < 5;
create view shop.\"Mixed View\" as select \"Mixed\", 'a;b'::text as semi from shop.orders;
comment on view shop.open is 'Open';
grant select on shop.open to public;
create materialized view shop.stored with (fillfactor = 70) as select id, count(*) as n from shop.orders group by id;
create materialized view shop.empty as select 1 as one with no data;
comment on materialized view shop.stored is 'Stored';
create view shop.on_stored as select n from shop.stored;
";

#[test]
fn views_are_made_from_nothing_and_dropped() {
    converge("", VIEWS);
    converge(VIEWS, "");
}

#[test]
fn views_are_replaced_in_place_where_postgresql_can() {
    let plan = converge(
        "create view shop.v as select id from shop.orders; create view shop.w as select id from shop.v",
        "create view shop.v as select id, total from shop.orders where id > 0; create view shop.w as select id from shop.v",
    );
    assert_eq!(heads(&plan, 4), ["create or replace view"]);
}

#[test]
fn views_are_made_anew_where_postgresql_can_not() {
    let plan = converge(
        "create view shop.v as select id, total from shop.orders; create view shop.w as select id from shop.v;
         comment on view shop.v is 'kept'; grant select on shop.w to public",
        "create view shop.v as select total, id from shop.orders; create view shop.w as select id from shop.v;
         comment on view shop.v is 'kept'; grant select on shop.w to public",
    );
    assert_eq!(sql(&plan).matches("drop view").count(), 2, "{}", sql(&plan));
}

#[test]
fn options_of_views_are_altered() {
    let plan = converge(
        "create view shop.v with (security_barrier) as select id from shop.orders where id > 0;
         create materialized view shop.m with (fillfactor = 70) as select 1 as one",
        "create view shop.v as select id from shop.orders where id > 0 with cascaded check option;
         create materialized view shop.m with (autovacuum_enabled = false) as select 1 as one",
    );
    assert_eq!(
        sql(&plan),
        "alter view shop.v reset (security_barrier);\nalter view shop.v set (check_option = 'cascaded');\n\
         alter materialized view shop.m reset (fillfactor);\n\
         alter materialized view shop.m set (autovacuum_enabled = 'false');\n"
    );
}

#[test]
fn another_query_makes_a_materialized_view_anew() {
    let plan = converge(
        "create materialized view shop.m as select 1 as one; create view shop.v as select one from shop.m",
        "create materialized view shop.m as select 2 as one; create view shop.v as select one from shop.m",
    );
    assert_eq!(
        heads(&plan, 3),
        ["drop view shop.v", "drop materialized view", "create materialized view", "create view shop.v"]
    );
}

#[test]
fn a_view_is_made_anew_around_a_column_that_changes_its_type() {
    let view = "create view shop.v as select id from shop.orders; comment on view shop.v is 'kept';
                create trigger t instead of insert on shop.v for each row execute function shop.touch()";
    converge(view, &format!("alter table shop.orders alter id type int; {view}"));
}

const TRIGGERS: &str = r#"
create trigger touch before update on shop.orders for each row execute function shop.touch();
create trigger "Of (columns)" after insert or update of status, "Mixed" on shop.orders
    for each row when (new.status is distinct from 'a) execute function'::text) execute function shop.touch('it''s', 'a\b', '', 7);
create trigger statement after truncate or delete on shop.orders execute function shop.touch();
create trigger transition after update on shop.orders referencing old table as "Old" new table as fresh
    for each statement execute function shop.touch();
create constraint trigger late after insert on shop.orders from shop.users deferrable initially deferred
    for each row execute function shop.touch();
create constraint trigger soon after insert on shop.orders for each row execute function shop.touch();
create trigger off before insert on shop.orders for each row execute function shop.touch();
alter table shop.orders disable trigger off;
create trigger always before insert on shop.orders for each row execute function shop.touch();
alter table shop.orders enable always trigger always;
create trigger no_op before update on shop.users for each row execute function suppress_redundant_updates_trigger();
create view shop.v as select id from shop.orders;
create trigger instead instead of insert on shop.v for each row execute function shop.touch();
comment on trigger touch on shop.orders is 'Touches';
"#;

#[test]
fn triggers_are_made_from_nothing_and_dropped() {
    converge("", TRIGGERS);
    converge(TRIGGERS, "");
}

#[test]
fn triggers_are_replaced_in_place_where_postgresql_can() {
    let plan = converge(
        "create trigger a before update on shop.orders for each row execute function shop.touch();
         alter table shop.orders disable trigger a;
         create trigger b before update on shop.orders for each row execute function shop.touch();
         create constraint trigger c after insert on shop.orders for each row execute function shop.touch()",
        "create trigger a before update of id on shop.orders for each row execute function shop.touch();
         alter table shop.orders disable trigger a;
         create trigger b before update on shop.orders for each row execute function shop.touch();
         alter table shop.orders enable replica trigger b;
         create constraint trigger c after insert on shop.orders deferrable for each row execute function shop.touch()",
    );
    assert_eq!(
        heads(&plan, 5),
        [
            "drop trigger c on shop.orders",
            "create or replace trigger a",
            "alter table shop.orders disable trigger",
            "alter table shop.orders enable replica",
            "create constraint trigger c after",
        ]
    );
}

const POLICIES: &str = r#"
create policy plain on shop.orders;
create policy mine on shop.orders for select to public using (status = current_setting('app.status'));
create policy "Hold back" on shop.orders as restrictive for update to postgres using (id > 0) with check (total > 0);
create policy fresh on shop.orders for insert with check (exists (select from shop.users u where u.id = orders.id));
alter table shop.orders enable row level security;
comment on policy mine on shop.orders is 'Mine';
"#;

#[test]
fn policies_are_made_from_nothing_and_dropped() {
    converge("", POLICIES);
    converge(POLICIES, "");
}

#[test]
fn policies_are_altered_in_place_where_postgresql_can() {
    let plan = converge(
        "create policy a on shop.orders using (id > 0);
         create policy b on shop.orders using (id > 0) with check (id > 1);
         create policy c on shop.orders for select using (id > 0)",
        "create policy a on shop.orders to postgres using (id > 1) with check (id > 2);
         create policy b on shop.orders using (id > 0);
         create policy c on shop.orders for delete using (id > 0)",
    );
    assert_eq!(
        sql(&plan),
        "drop policy b on shop.orders;\ndrop policy c on shop.orders;\n\
         alter policy a on shop.orders to postgres using ((id > 1)) with check ((id > 2));\n\
         create policy b on shop.orders using ((id > 0));\n\
         create policy c on shop.orders for delete using ((id > 0));\n"
    );
}

const SAID: &str = r#"
create view shop.v as select id, total, "Mixed" from shop.orders;
comment on column shop.v.id is 'Number';
alter view shop.v alter total set default 3;
grant select ("Mixed") on shop.v to public;
create view shop.w as select id, total from shop.v;
create materialized view shop.m as select id, total from shop.orders;
comment on column shop.m.id is 'Number';
alter materialized view shop.m alter column total set statistics 50;
create rule skip as on insert to shop.v do instead nothing;
create rule "Other; as" as on update to shop.v where old.id > 0 do also (delete from shop.users; insert into shop.users values (1));
create rule off as on delete to shop.orders do also notify x;
alter table shop.orders disable rule off;
comment on rule off on shop.orders is 'Off';
"#;

#[test]
fn rules_and_what_is_said_of_columns_of_views_are_kept() {
    converge("", SAID);
    converge(SAID, "");
    let views = "create view shop.v as select id, total, \"Mixed\" from shop.orders;
                 create view shop.w as select id, total from shop.v;
                 create materialized view shop.m as select id, total from shop.orders;";
    converge(SAID, views);
    converge(views, SAID);
    converge(SAID, &SAID.replace("id, total, \"Mixed\"", "\"Mixed\", id, total"));
    converge(SAID, &SAID.replace("set default 3", "set default 4").replace("'Number'", "'No'"));
}
