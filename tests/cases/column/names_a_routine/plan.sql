set search_path = '';
set check_function_bodies = off;
begin;
create function shop.run(integer) returns integer
    language sql
as $$select $1$$;
create function shop.stop() returns integer
    language sql
as $$select 1$$;
create table shop.jobs (
    id integer,
    runs regprocedure default 'shop.run(integer)'::regprocedure,
    stops regproc default 'shop.stop'::regproc
);
commit;
