set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of column `shop.items.number`
alter table shop.items rename column code to number;
commit;
