set search_path = '';
set check_function_bodies = off;
begin;
alter sequence shop.others set logged;
-- hazard rewrite: rewrites the table
alter table shop.orders set unlogged;
alter sequence shop.numbers set logged;
alter sequence shop.others set logged;
commit;
