set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.orders_1 drop constraint orders_1_pkey;
alter table shop.base alter column id drop not null;
-- hazard block: scans the table while writers wait
alter table shop.kept alter column id set not null;
alter table shop.orders alter column id drop not null;
commit;
