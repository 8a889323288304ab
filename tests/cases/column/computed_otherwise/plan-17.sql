set search_path = '';
set check_function_bodies = off;
begin;
-- hazard data: drops the column with its values
-- hazard breaking: clients find another column `shop.sales.plain`
alter table shop.sales drop column plain;
-- hazard rewrite: rewrites the table to compute the column anew
alter table shop.base alter column twice set expression as (a + a);
-- hazard rewrite: rewrites the table to compute the column anew
alter table shop.sales alter column twice set expression as (id + id);
-- hazard rewrite: rewrites the table
alter table shop.sales add column plain integer generated always as (id) stored;
commit;
