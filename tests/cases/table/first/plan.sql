set search_path = '';
set check_function_bodies = off;
begin;
create sequence shop.orders_no_seq as integer;
create sequence shop.invoice_no start with 1000;
create table shop.orders (
    id bigint generated always as identity not null,
    no integer default nextval('shop.orders_no_seq'::regclass) not null,
    total numeric(12,2) default 0 not null,
    tax numeric(12,2) generated always as (total * 0.2) stored,
    note text
);
alter sequence shop.orders_no_seq owned by shop.orders.no;
comment on schema shop is 'Orders';
comment on column shop.orders.note is 'Free text';
commit;
