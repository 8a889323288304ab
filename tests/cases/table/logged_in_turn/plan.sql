set search_path = '';
set check_function_bodies = off;
begin;
-- hazard rewrite: rewrites the table
alter table shop.c set unlogged;
-- hazard rewrite: rewrites the table
alter table shop.b set unlogged;
-- hazard rewrite: rewrites the table
alter table shop.a set unlogged;
commit;
