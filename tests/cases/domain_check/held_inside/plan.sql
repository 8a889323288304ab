set search_path = '';
set check_function_bodies = off;
begin;
create domain shop.fine as integer;
create type shop.pair as (
    one shop.fine,
    other integer
);
create type shop.nested as (
    pairs shop.pair[]
);
create table shop.simple (
    one shop.fine
);
create function shop.is_fine(integer) returns boolean
    language sql immutable
as $$select $1 > 0$$;
alter domain shop.fine add constraint positive check (shop.is_fine(value));
create table shop.listed (
    all_of shop.fine[]
);
create table shop.paired (
    pair shop.pair,
    nested shop.nested
);
commit;
