set search_path = '';
set check_function_bodies = off;
begin;
-- hazard rewrite: copies the rows to the table that takes its place
create temporary table "rows of shop.orders" on commit drop as select id, status::text as status, past::text[] as past from shop.orders;
-- hazard breaking: clients find another table `shop.orders`
drop table shop.orders;
alter type shop.status rename to status_old;
create type shop.status as enum ('sent', 'paid', 'new', 'lost');
drop type shop.status_old;
create table shop.orders (
    id bigint not null,
    status shop.status not null,
    past shop.status[],
    constraint orders_pkey primary key (id, status)
) partition by list (status);
create table shop.orders_new partition of shop.orders for values in ('new');
create table shop.orders_done partition of shop.orders for values in ('sent', 'paid', 'lost');
-- hazard data: values that do not fit the new types are cut, rounded or refused
insert into shop.orders (id, status, past) overriding system value select id, status::shop.status, past::shop.status[] from pg_temp."rows of shop.orders";
-- hazard block: builds the index while writers wait
create index orders_status_idx on shop.orders (status);
commit;
