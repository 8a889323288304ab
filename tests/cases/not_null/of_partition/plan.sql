set search_path = '';
set check_function_bodies = off;
begin;
create table shop.sales (
    id integer not null,
    no integer,
    at date not null,
    constraint sales_no not null no
) partition by range (id);
create table shop.low partition of shop.sales for values from (1) to (10);
create table shop.middle partition of shop.sales (
    constraint middle_no_not_null not null no,
    constraint other not null id
) for values from (10) to (20);
create table shop.high (
    id integer constraint sales_id_not_null not null,
    no integer constraint sales_no not null,
    at date,
    constraint high_at_not_null not null at
);
create index high_at on shop.high (at);
alter table shop.sales attach partition shop.high for values from (20) to (30);
create index sales_at_idx on shop.sales (at);
comment on constraint other on shop.middle is 'it is said';
commit;
