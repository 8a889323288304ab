set search_path = '';
set check_function_bodies = off;
begin;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.orders.old`
alter table shop.orders drop column old;
alter table shop.orders alter column note drop not null;
-- hazard rewrite: rewrites the table to turn integer into bigint
alter table shop.orders alter column number type bigint using number::bigint;
alter table shop.orders add column added text default 'x' not null;
alter table shop.orders detach partition shop.orders_1;
alter table shop.orders_1 enable row level security;
alter table shop.orders detach partition shop.orders_2;
-- hazard access: policies no longer hold: every row can be seen
alter table shop.orders_2 disable row level security;
-- hazard block: scans the table to see that its rows are within the bounds
alter table shop.orders attach partition shop.orders_2 for values from (15) to (20);
create table shop.orders_3 (
    id bigint,
    note text,
    number bigint,
    added text default 'x' constraint orders_added_not_null not null
);
alter table shop.orders attach partition shop.orders_3 for values from (20) to (30);
-- hazard block: builds the index while writers wait
create index orders_note_idx on shop.orders (note);
commit;
create index concurrently orders_1_own on shop.orders_1 (number);
begin;
-- hazard block: scans the table to see that its rows are within the bounds
alter table shop.orders attach partition shop.orders_1 for values from (1) to (15);
commit;
