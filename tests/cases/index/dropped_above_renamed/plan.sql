set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of table `shop.last_orders`
alter table shop.later_orders rename to last_orders;
alter table shop.last_orders rename constraint later_orders_pkey to last_orders_pkey;
alter table shop.orders detach partition shop.first_orders;
alter table shop.orders detach partition shop.last_orders;
drop index shop.orders_id;
-- hazard block: compares every row of table `shop.last_orders` with its bounds while readers and writers wait
alter table shop.orders attach partition shop.last_orders for values from (10) to (20);
alter table shop.orders attach partition shop.first_orders for values from (0) to (10);
commit;
