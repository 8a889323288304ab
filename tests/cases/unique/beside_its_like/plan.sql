set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.first_orders rename constraint first_id to first_orders_id_key;
alter table shop.later_orders drop constraint later_id;
alter table shop.new_orders drop constraint new_id;
alter table shop.orders drop constraint orders_late;
-- hazard block: builds an index while readers and writers wait
alter table shop.first_orders add constraint first_id unique (id);
alter index shop.later_orders_id_key rename to later_id;
commit;
