set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: `shop.orders` no longer shows the rows of table `shop.orders_1`
alter table shop.orders detach partition shop.orders_1;
alter table shop.orders detach partition shop.orders_3;
-- hazard block: scans the table to see that its rows are within the bounds
alter table shop.orders attach partition shop.orders_2 for values from (10) to (20);
-- hazard block: scans the table to see that its rows are within the bounds
alter table shop.orders attach partition shop.orders_3 for values from (100) to (300);
commit;
