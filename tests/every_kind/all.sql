-- A database that holds every kind of object with every attribute away from its default, for psql, on PostgreSQL 14 to
-- 18. It is loaded by a superuser into an empty database of a cluster of its own: tests/it/complete.

set client_min_messages = error;
select current_setting('server_version_num')::int / 10000 as major \gset
select :major >= 15 as v15, :major >= 16 as v16, :major >= 17 as v17, :major >= 18 as v18,
       current_database() as here \gset

-- Roles, and what they may do in the whole cluster.

create role "The Owner" superuser;
create role other createdb createrole noinherit;
create role "app's" login connection limit 7 valid until '2031-02-03 04:05:06+00' password 'secret';
create role replicator replication bypassrls;
create role "Gruppe ""ä""";
create role member;
create role plain;
comment on role "Gruppe ""ä""" is 'a "group" with ''quotes''';
grant "Gruppe ""ä""" to member with admin option;
grant plain to member, "app's";
\if :v16
grant other to member with inherit false, set false, admin true;
grant other to "app's" with inherit true, set false;
\endif
alter role "app's" set work_mem = '5MB';
alter role "app's" set search_path = 'shop', "Odd.Schema", pg_temp;
alter role "app's" in database :"here" set statement_timeout = '9s';
alter role all set log_min_duration_statement = 777;
alter database :"here" set timezone = 'Asia/Tokyo';
alter database :"here" connection limit 33;
alter database :"here" is_template true;
alter database :"here" owner to other;
comment on database :"here" is 'the database';
revoke temporary on database :"here" from public;
grant connect on database :"here" to "app's" with grant option;
\if :v15
grant set, alter system on parameter work_mem to "app's";
grant set on parameter "my.own" to member with grant option;
\endif
set allow_in_place_tablespaces = on;
create tablespace room owner other location '';
alter tablespace room set (random_page_cost = 1.5);
grant create on tablespace room to "app's";
comment on tablespace room is 'more room';
select pg_replication_origin_create('east'), pg_replication_origin_create('North''s');
create tablespace "Small Room" location '';

-- Schemas, extensions, languages, access methods.

create schema shop authorization other;
create schema "Odd.Schema" authorization "The Owner";
create schema empty;
comment on schema shop is 'line one
line two';
grant usage on schema shop to public;
grant usage, create on schema "Odd.Schema" to "app's" with grant option;
alter default privileges for role other grant select on tables to "app's";
alter default privileges for role other in schema shop grant usage on sequences to member;
alter default privileges for role other revoke execute on functions from public;
alter default privileges for role other grant usage on types to member with grant option;
alter default privileges for role other grant create on schemas to plain;
\if :v18
alter default privileges for role other grant select on large objects to plain;
\endif
alter default privileges for role member grant select on tables to "app's" with grant option;
create extension citext schema shop;
create extension btree_gist schema "Odd.Schema";
create extension hstore schema public;
create extension pg_trgm schema shop;
comment on extension hstore is 'own words';
create function "Odd.Schema".call() returns language_handler language c as '$libdir/plpgsql', 'plpgsql_call_handler';
create function "Odd.Schema".inline(internal) returns void language c as '$libdir/plpgsql', 'plpgsql_inline_handler';
create function "Odd.Schema".valid(oid) returns void language c as '$libdir/plpgsql', 'plpgsql_validator';
create trusted language "My Lang" handler "Odd.Schema".call inline "Odd.Schema".inline validator "Odd.Schema".valid;
create function "Odd.Schema".call2() returns language_handler language c as '$libdir/plpgsql', 'plpgsql_call_handler';
create language bare handler "Odd.Schema".call2;
alter language "My Lang" owner to other;
comment on language "My Lang" is 'speech';
grant usage on language "My Lang" to "app's";
create access method heap2 type table handler heap_tableam_handler;
create access method hash2 type index handler hashhandler;
create operator class shop.int4_ops2 default for type int using hash2 as
    operator 1 =, function 1 hashint4(int);
comment on access method heap2 is 'as heap';
create function "Odd.Schema".on_ddl() returns event_trigger language plpgsql as 'begin end';
create function "Odd.Schema".on_drop() returns event_trigger language plpgsql as 'begin end';

-- Types.

create type shop.status as enum ('new', 'it''s', 'back\slash');
alter type shop.status add value 'first' before 'new';
alter type shop.status owner to member;
comment on type shop.status is 'where it is';
revoke usage on type shop.status from public;
grant usage on type shop.status to "app's";
create type "Odd.Schema"."Empty Enum" as enum ();
create type shop.color as enum ('red');
create collation shop.german (provider = icu, locale = 'de-u-co-phonebk', deterministic = false);
create collation "Odd.Schema"."C too" (lc_collate = 'C', lc_ctype = 'POSIX');
\if :v16
create collation shop.ruled (provider = icu, locale = 'und', rules = '& a < g');
\endif
\if :v17
create collation shop.built (provider = builtin, locale = 'C.UTF-8');
\endif
alter collation shop.german owner to other;
comment on collation shop.german is 'ä';
create type shop.pair as (a int, "b.c" text collate "C", price numeric(7, 3)[], d shop.status);
comment on type shop.pair is 'two';
comment on column shop.pair."b.c" is 'second';
grant usage on type shop.pair to "app's";
create type shop.nothing as ();
create domain shop.code as varchar(7) collate "C" default 'x' not null
    constraint short check (length(value) < 5) constraint "no x" check (value <> 'it''s');
alter domain shop.code add constraint later check (value <> 'y') not valid;
comment on constraint short on domain shop.code is 'not long';
comment on domain shop.code is 'code';
alter domain shop.code owner to other;
grant usage on type shop.code to "app's" with grant option;
create domain shop.code2 as shop.code;
\if :v17
alter domain shop.code2 add constraint "some thing" not null;
comment on constraint "some thing" on domain shop.code2 is 'never nothing';
\endif
create domain shop.matrix as int[][];
create function shop.float_diff(a float8, b float8) returns float8 language sql immutable as 'select a - b';
create type shop.float_range as range (subtype = float8, subtype_diff = shop.float_diff,
    multirange_type_name = shop."Many Floats");
create type shop.text_range as range (subtype = text, collation = "C", subtype_opclass = text_pattern_ops);
comment on type shop.float_range is 'from to';
alter type shop.float_range owner to member;
grant usage on type shop.float_range to "app's";

-- Sequences.

create sequence shop.numbers as smallint start 100 increment -5 minvalue -300 maxvalue 200 cache 7 cycle;
alter sequence shop.numbers owner to other;
comment on sequence shop.numbers is 'counts';
grant usage, update on sequence shop.numbers to "app's" with grant option;
create sequence "Odd.Schema"."Se""q";
\if :v15
create unlogged sequence shop.fleeting;
\endif
\ir all_base.sql
\ir all_tables.sql
\ir all_code.sql
\ir all_rest.sql
