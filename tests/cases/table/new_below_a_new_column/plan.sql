set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.events add column at date;
create table shop.events_eu_a partition of shop.events_eu for values in ('a') partition by range (at);
create table shop.events_us partition of shop.events for values in ('us') partition by range (at);
alter table shop.things add column weight bigint;
create table shop.tiny_things (
    constraint is_light check (weight < 3)
) inherits (shop.small_things);
commit;
