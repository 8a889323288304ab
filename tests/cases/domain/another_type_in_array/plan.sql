set search_path = '';
set check_function_bodies = off;
begin;
alter domain shop.amount rename to amount_old;
create domain shop.amount as numeric(10,2);
-- hazard rewrite: rewrites the table to move it to the new type
-- hazard data: fails where a value is no numeric(10,2)
alter table shop.orders alter column total drop default, alter column total type shop.amount using total::shop.amount;
-- hazard rewrite: rewrites the table to turn shop.amount[] into text
alter table shop.orders alter column total drop default, alter column parts type text using parts::text;
drop domain shop.amount_old;
-- hazard data: turns shop.amount into shop.amount[]: values may be cut, rounded or refused
-- hazard rewrite: rewrites the table to turn shop.amount into shop.amount[]
alter table shop.orders alter column total type shop.amount[] using case when total is null then null else array[total]::shop.amount[] end, alter column total set default '{2}';
commit;
