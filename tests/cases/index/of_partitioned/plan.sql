set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.orders drop constraint orders_pkey;
alter table shop.orders drop constraint orders_no;
drop index shop.orders_by_no;
-- hazard block: builds an index while readers and writers wait
alter table shop.orders add constraint orders_pkey primary key (id) with (fillfactor = '60');
-- hazard block: builds an index while readers and writers wait
alter table shop.orders add constraint orders_no unique (no, id) with (fillfactor = '70');
-- hazard block: builds the index while writers wait
create index orders_by_no on shop.orders (no) with (deduplicate_items = 'off');
commit;
