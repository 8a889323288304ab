set search_path = '';
set check_function_bodies = off;
begin;
-- hazard data: drops the column with its values
-- hazard breaking: clients find another column `shop.sales.plain`
alter table shop.sales drop column plain;
drop view shop.shown;
-- hazard breaking: clients find another column `shop.base.twice`
alter table shop.base drop column twice;
drop index shop.low_twice;
-- hazard breaking: clients find another column `shop.sales.twice`
alter table shop.sales drop column twice;
-- hazard rewrite: rewrites the table
alter table shop.base add column twice integer generated always as (a + a) stored;
-- hazard rewrite: rewrites the table
alter table shop.sales add column twice integer generated always as (id + id) stored;
-- hazard rewrite: rewrites the table
alter table shop.sales add column plain integer generated always as (id) stored;
create view shop.shown as
select a, twice from shop.base;
-- hazard block: builds the index while writers wait
create index low_twice on shop.low (twice);
commit;
