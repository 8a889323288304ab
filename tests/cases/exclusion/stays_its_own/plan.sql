set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.first drop constraint own;
alter table shop.sale attach partition shop.first for values in (1);
commit;
