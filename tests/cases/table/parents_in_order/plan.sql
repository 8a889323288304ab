set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.d no inherit shop.b;
alter table shop.d no inherit shop.c;
alter table shop.d inherit shop.c;
alter table shop.d inherit shop.b;
commit;
