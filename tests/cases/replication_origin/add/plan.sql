set search_path = '';
set check_function_bodies = off;
begin;
select pg_catalog.pg_replication_origin_create('North''s');
commit;
