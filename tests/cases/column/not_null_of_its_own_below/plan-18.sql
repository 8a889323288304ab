set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.orders_1 drop constraint orders_1_pkey;
alter table shop.base alter column id drop not null;
alter table shop.orders alter column id drop not null;
commit;
