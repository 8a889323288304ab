set search_path = '';
set check_function_bodies = off;
begin;
-- hazard data: turns shop.place into integer: values may be cut, rounded or refused
-- hazard rewrite: rewrites the table to turn shop.place into integer
alter table shop.shops alter column at type integer using at::integer;
commit;
