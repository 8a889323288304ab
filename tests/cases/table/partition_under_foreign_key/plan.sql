set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.regions detach partition shop.regions_2;
-- hazard data: drops the table with its rows
-- hazard breaking: clients lose table `shop.regions_2`
drop table shop.regions_2;
alter table shop.notes drop constraint notes_region;
commit;
