set search_path = '';
set check_function_bodies = off;
begin;
alter index shop.first_region rename to only_region;
alter table shop.orders detach partition shop.orders_1;
alter table shop.orders attach partition shop.orders_1 for values from (1) to (20);
commit;
