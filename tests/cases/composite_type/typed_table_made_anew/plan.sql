set search_path = '';
set check_function_bodies = off;
begin;
drop function shop.last(shop.lines);
alter type shop.line rename to line_old;
create type shop.line as (
    no bigint,
    label character varying
);
create function shop.line_move(shop.line_old) returns shop.line language sql immutable strict as 'select row(($1).no::bigint, ($1).label::character varying)::shop.line';
create cast (shop.line_old as shop.line) with function shop.line_move(shop.line_old);
-- hazard rewrite: rewrites the table to move it to the new type
-- hazard data: fails where a value has no place in the new type
alter table shop.orders alter column first type shop.line using first::shop.line;
drop cast (shop.line_old as shop.line);
drop function shop.line_move(shop.line_old);
alter table shop.lines not of;
drop type shop.line_old;
-- hazard rewrite: rewrites the table to turn integer into bigint
alter table shop.lines alter column no type bigint using no::bigint, alter column label type character varying using label::character varying;
alter table shop.lines of shop.line;
create function shop.last(shop.lines) returns shop.line
    language sql
as $$select null::shop.line$$;
commit;
