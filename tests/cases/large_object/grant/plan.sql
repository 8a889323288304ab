set search_path = '';
set check_function_bodies = off;
begin;
select pg_catalog.lo_create(20002) where not exists (select from pg_catalog.pg_largeobject_metadata where oid = 20002);
alter large object 20002 owner to app;
grant select, update on large object 20001 to app;
commit;
