set search_path = '';
set check_function_bodies = off;
begin;
drop server near;
drop view shop.ids;
-- hazard breaking: clients find another foreign table `shop.orders`
drop foreign table shop.orders;
drop server far;
create server near type 'b' foreign data wrapper files;
create foreign table shop.orders (
    id bigint
) server near;
create view shop.ids as
select id from shop.orders;
comment on foreign table shop.orders is 'Orders';
commit;
