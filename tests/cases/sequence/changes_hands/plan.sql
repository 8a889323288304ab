set search_path = '';
set check_function_bodies = off;
begin;
alter sequence shop.number owned by none;
-- hazard data: drops the table with its rows
-- hazard breaking: clients lose table `shop.brands`
drop table shop.brands;
create table shop.products (
    id bigint default nextval('shop.number') not null,
    constraint number_pkey primary key (id)
);
alter sequence shop.number owned by shop.products.id;
commit;
