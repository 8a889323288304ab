set search_path = '';
set check_function_bodies = off;
begin;
create type shop.price as (
    amount numeric,
    currency text
);
create function shop.in_euros(numeric) returns shop.price
    language sql immutable
as $$select row($1, 'EUR')::shop.price$$;
create cast (numeric as shop.price) with function shop.in_euros(numeric) as assignment;
create table shop.items (
    price shop.price default 5::numeric
);
create view shop.zero as
select 0::numeric::shop.price as price;
commit;
