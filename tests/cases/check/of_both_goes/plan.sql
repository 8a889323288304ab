set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.p drop constraint k;
alter table shop.c drop constraint k;
commit;
