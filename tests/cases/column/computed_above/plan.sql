set search_path = '';
set check_function_bodies = off;
begin;
create table shop.above (
    b integer,
    g integer generated always as (b * 2) stored
);
create table shop.below (
    b integer,
    g integer,
    c integer
) inherits (shop.above);
commit;
