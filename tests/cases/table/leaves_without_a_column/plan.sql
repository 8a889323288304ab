set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: `shop.events` no longer shows the rows of table `shop.y2024`
alter table shop.events detach partition shop.y2024;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.events.extra`
alter table shop.events drop column extra;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.y2024.extra`
alter table shop.y2024 drop column extra;
commit;
