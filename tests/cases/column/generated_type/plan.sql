set search_path = '';
set check_function_bodies = off;
begin;
-- hazard rewrite: rewrites the table to turn numeric into bigint
alter table shop.a alter column no type bigint;
commit;
