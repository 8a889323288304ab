set search_path = '';
set check_function_bodies = off;
begin;
create unique index orders_id on only shop.orders (id);
alter index shop.orders_id attach partition shop.first_orders_pkey;
commit;
