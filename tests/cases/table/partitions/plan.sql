set search_path = '';
set check_function_bodies = off;
begin;
create table shop.orders (
    id bigint not null,
    region text default 'eu' not null,
    total numeric(12,2),
    created_at date not null,
    constraint orders_pkey primary key (id, created_at, region),
    constraint total_positive check (total >= 0)
) partition by range (created_at);
create table shop.orders_2024 partition of shop.orders (
    region with options default 'us',
    total with options not null,
    constraint small check (total < 1000)
) for values from ('2024-01-01') to ('2025-01-01');
create table shop.orders_2025 partition of shop.orders for values from ('2025-01-01') to ('2026-01-01') partition by list (region);
create table shop.orders_2025_eu partition of shop.orders_2025 for values in ('eu', 'uk') with (fillfactor = '70');
create table shop.orders_2025_rest partition of shop.orders_2025 default;
create index orders_region_idx on shop.orders (region);
create index orders_2024_total_idx on shop.orders_2024 (total);
comment on table shop.orders_2024 is 'Last year';
comment on table shop.orders is 'Orders';
comment on column shop.orders_2024.total is 'Never unknown';
commit;
