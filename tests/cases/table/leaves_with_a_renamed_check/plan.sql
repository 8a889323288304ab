set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: `shop.orders` no longer shows the rows of table `shop.orders_1`
alter table shop.orders detach partition shop.orders_1;
alter table shop.orders_1 rename constraint orders_id_said to orders_1_id_said;
-- hazard data: drops the table with its rows
-- hazard breaking: clients lose table `shop.orders`
drop table shop.orders;
commit;
