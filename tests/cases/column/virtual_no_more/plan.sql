set search_path = '';
set check_function_bodies = off;
begin;
-- hazard data: drops the column with its values
-- hazard breaking: clients find another column `shop.base.twice`
alter table shop.base drop column twice;
-- hazard breaking: clients find another column `shop.sales.twice`
alter table shop.sales drop column twice;
alter table shop.base add column twice integer;
-- hazard rewrite: rewrites the table
alter table shop.sales add column twice integer generated always as (id * 2) stored;
commit;
