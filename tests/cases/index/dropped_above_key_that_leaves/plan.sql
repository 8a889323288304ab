set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: `shop.orders` no longer shows the rows of table `shop.first_orders`
alter table shop.orders detach partition shop.first_orders;
alter table shop.orders detach partition shop.later_orders;
drop index shop.orders_id;
alter table shop.orders attach partition shop.later_orders for values from (10) to (30);
commit;
