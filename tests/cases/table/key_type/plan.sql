set search_path = '';
set check_function_bodies = off;
begin;
drop view shop.regions;
-- hazard rewrite: copies the rows to the table that takes its place
create temporary table "rows of shop.orders" on commit drop as select * from shop.orders;
-- hazard breaking: clients find another table `shop.orders`
drop table shop.orders;
create table shop.orders (
    id bigint not null,
    region text,
    constraint orders_pkey primary key (id)
) partition by range (id);
create table shop.orders_1 partition of shop.orders for values from (1) to (10);
create table shop.orders_2 partition of shop.orders for values from (10) to (20) partition by hash (id);
create table shop.orders_2_1 partition of shop.orders_2 for values with (modulus 1, remainder 0);
insert into shop.orders (id, region) overriding system value select id::bigint, region from pg_temp."rows of shop.orders";
create view shop.regions as
select region from shop.orders;
commit;
