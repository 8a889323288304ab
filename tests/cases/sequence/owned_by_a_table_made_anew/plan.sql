set search_path = '';
set check_function_bodies = off;
begin;
-- hazard rewrite: copies the rows to the table that takes its place
create temporary table "rows of shop.orders" on commit drop as select * from only shop.orders;
-- hazard breaking: clients find another table `shop.orders`
drop table shop.orders;
create sequence shop.orders_id_seq;
create sequence shop.others;
create table shop.orders (
    id bigint default nextval('shop.orders_id_seq'::regclass) not null,
    no bigint,
    at integer
) partition by list (at);
alter sequence shop.orders_id_seq owned by shop.orders.id;
alter sequence shop.numbers owned by shop.orders.no;
alter sequence shop.others owned by shop.orders.no;
create table shop.orders_1 partition of shop.orders for values in (1);
insert into shop.orders (id, no, at) overriding system value select id, no, at from pg_temp."rows of shop.orders";
commit;
