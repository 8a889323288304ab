set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients find another view `shop.numbers`
drop view shop.numbers;
-- hazard breaking: clients find another view `shop.open_orders`
drop view shop.open_orders;
create view shop.open_orders as
select id as nr, note from shop.orders;
alter view shop.open_orders alter column nr set default 3;
create view shop.numbers as
select nr as no from shop.open_orders;
commit;
