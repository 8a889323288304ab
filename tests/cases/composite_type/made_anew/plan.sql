set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients find another composite type `shop.pair`
drop type shop.pair;
drop view shop.totals;
alter type shop.money rename to money_old;
create type shop.money as (
    currency character varying(3),
    amount bigint,
    at date
);
create function shop.money_move(shop.money_old) returns shop.money language sql immutable strict as 'select row(($1).currency::character varying(3), ($1).amount::bigint, null::date)::shop.money';
create cast (shop.money_old as shop.money) with function shop.money_move(shop.money_old);
-- hazard rewrite: rewrites the table to move it to the new type
-- hazard data: drops what columns of the type hold in `note`
alter table shop.orders alter column parts type shop.money[] using parts::shop.money[], alter column total type shop.money using total::shop.money;
drop cast (shop.money_old as shop.money);
drop function shop.money_move(shop.money_old);
drop type shop.money_old;
create type shop.pair as (
    b text,
    a integer
);
create view shop.totals as
select (total).amount as amount from shop.orders;
commit;
