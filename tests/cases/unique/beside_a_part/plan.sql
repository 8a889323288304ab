set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.orders detach partition shop.later_orders;
drop index shop.later_orders_id_idx;
-- hazard block: compares every row of table `shop.later_orders` with its bounds while readers and writers wait
alter table shop.orders attach partition shop.later_orders for values from (10) to (20);
alter table shop.some_orders detach partition shop.new_orders;
drop index shop.new_orders_id_idx;
-- hazard block: compares every row of table `shop.new_orders` with its bounds while readers and writers wait
alter table shop.some_orders attach partition shop.new_orders for values from (20) to (30);
alter table shop.orders detach partition shop.first_orders;
drop index shop.first_orders_id_idx;
-- hazard block: compares every row of table `shop.first_orders` with its bounds while readers and writers wait
alter table shop.orders attach partition shop.first_orders for values from (0) to (10);
commit;
