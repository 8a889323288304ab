set search_path = '';
set check_function_bodies = off;
begin;
create table shop."Drop Table" (
    "create" integer,
    "a""b" text default 'drop table shop."Drop Table"; --'
);
create function shop.text() returns text
    language sql
as $body$select 'it''s; drop schema shop' || $x$ $$ $x$$body$;
create or replace function shop.run() returns void
    language plpgsql
as $body1$declare "drop" text := 'alter table shop.t drop column x; -- $$ $body$';
begin
    /* drop table shop."Drop Table" cascade; */
    execute 'select $q$' || "drop" || '$q$';
end
$body1$;
create view shop."drop view" as
select "create" as "drop", 'drop table x' as t from shop."Drop Table";
commit;
