set search_path = '';
set check_function_bodies = off;
begin;
drop index shop.by_old;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.orders.old`
alter table shop.orders drop column old;
-- hazard data: turns text into character varying(20): values may be cut, rounded or refused
-- hazard rewrite: rewrites the table to turn text into character varying(20)
alter table shop.orders alter column note drop default, alter column note type character varying(20) using note::character varying(20), alter column note set default 'z';
alter table shop.orders add constraint note_is_not_null check (note is not null) not valid;
alter table shop.orders add column added bigint default 0 not null;
alter table shop.orders_eu alter column added set default 5;
commit;
alter table shop.orders validate constraint note_is_not_null;
create index concurrently by_added on shop.orders_eu_1 (added);
begin;
alter table shop.orders alter column note set not null;
alter table shop.orders drop constraint note_is_not_null;
alter table shop.orders_eu alter column note set default 'y';
commit;
