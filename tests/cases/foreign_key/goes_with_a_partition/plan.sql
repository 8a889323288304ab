set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.sale drop constraint again;
-- hazard data: drops the table with its rows
-- hazard breaking: clients lose table `shop.first`
drop table shop.first;
commit;
