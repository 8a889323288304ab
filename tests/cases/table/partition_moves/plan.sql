set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.orders detach partition shop.orders_1;
alter index shop.first_region rename to only_region;
-- hazard block: scans the table to see that its rows are within the bounds
alter table shop.orders attach partition shop.orders_1 for values from (1) to (20);
commit;
