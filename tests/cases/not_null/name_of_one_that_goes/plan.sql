set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.orders drop constraint orders_pkey;
alter table shop.orders rename constraint orders_id_not_null to orders_id_not_null_goes;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.orders.id`
alter table shop.orders drop column id;
-- hazard rewrite: rewrites the table
alter table shop.orders add column no bigint generated always as identity constraint orders_id_not_null not null;
alter table shop.orders rename constraint orders_client_not_null to orders_client_not_null_goes;
alter table shop.orders add column customer bigint default 0 constraint orders_client_not_null not null;
alter table shop.rates alter column second drop not null;
alter table shop.orders add constraint orders_pkey primary key (no);
alter table shop.rates add constraint rates_key not null id;
alter table shop.rates add constraint rates_pkey primary key (id);
alter table shop.rates rename constraint rates_first_not_null to rates_second_not_null;
alter table shop.rates add constraint rates_first_not_null not null third;
create or replace view shop.open_orders as
select customer as client from shop.orders;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.orders.client`
alter table shop.orders drop column client;
comment on constraint orders_client_not_null on shop.orders is 'Was called client';
commit;
