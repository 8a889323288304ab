set search_path = '';
set check_function_bodies = off;
begin;
create extension citext schema public;
create extension btree_gist schema shop;
alter table shop.orders add column email public.citext;
alter table shop.orders add column tags public.citext[];
comment on extension btree_gist is 'for exclusions';
commit;
