set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.base drop constraint note_is_short;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.base.note`
alter table shop.base drop column note;
alter table shop.base drop constraint price_fits;
alter table shop.parts drop constraint parts_note;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.parts.note`
alter table shop.parts drop column note;
alter table shop.parts drop constraint parts_price;
-- hazard rewrite: rewrites the table to turn integer into bigint
alter table shop.base alter column price type bigint using price::bigint;
-- hazard rewrite: rewrites the table to turn integer into bigint
alter table shop.parts alter column price type bigint using price::bigint;
-- hazard block: scans the table while readers and writers wait
alter table shop.base add constraint price_fits check (price > 0);
-- hazard block: scans the table while readers and writers wait
alter table shop.parts add constraint parts_price check (price > 0);
commit;
