set search_path = '';
set check_function_bodies = off;
begin;
-- hazard block: compares every row while readers and writers wait
alter table shop.first_orders add constraint is_positive check (id > 0);
alter table shop.orders attach partition shop.first_orders for values from (1) to (10);
commit;
