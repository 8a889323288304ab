set search_path = '';
set check_function_bodies = off;
begin;
drop index shop.by_old;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.orders.old`
alter table shop.orders drop column old;
alter table shop.orders alter column note drop default;
-- hazard rewrite: rewrites the table to turn text into character varying(20)
alter table shop.orders alter column note type character varying(20) using note::character varying(20);
alter table shop.orders alter column note set default 'z';
-- hazard block: scans the table while writers wait
alter table shop.orders alter column note set not null;
alter table shop.orders add column added bigint default 0 not null;
alter table shop.orders_eu alter column added set default 5;
alter table shop.orders_eu alter column note set default 'y';
-- hazard block: builds the index while writers wait
create index by_added on shop.orders_eu_1 (added);
commit;
