set search_path = '';
set check_function_bodies = off;
begin;
drop index shop.books_label_idx;
-- hazard breaking: clients find another column `shop.items.label`
alter table shop.items drop column label;
-- hazard data: turns character varying(30) into character(8): values may be cut, rounded or refused
-- hazard rewrite: rewrites the table to turn character varying(30) into character(8)
alter table shop.items alter column code type character(8) using code::character(8);
-- hazard rewrite: rewrites the table
alter table shop.items add column label character varying generated always as (code || '?') stored;
-- hazard block: builds the index while writers wait
create index books_label_idx on shop.books (label);
commit;
