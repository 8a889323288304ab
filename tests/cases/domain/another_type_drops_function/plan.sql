set search_path = '';
set check_function_bodies = off;
begin;
alter domain shop.amount rename to amount_old;
create domain shop.amount as numeric(10,2);
-- hazard rewrite: rewrites the table to move it to the new type
-- hazard data: fails where a value is no numeric(10,2)
alter table shop.orders alter column total type shop.amount using total::shop.amount;
drop domain shop.amount_old;
-- hazard breaking: clients lose function `shop.is_fine(numeric)`
drop function shop.is_fine(numeric);
commit;
