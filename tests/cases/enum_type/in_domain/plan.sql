set search_path = '';
set check_function_bodies = off;
begin;
-- hazard rewrite: rewrites the table to turn shop.open into text
alter table shop.orders alter column status type text using status::text;
drop domain shop.open;
alter type shop.status rename to status_old;
create type shop.status as enum ('new');
drop type shop.status_old;
create domain shop.open as shop.status;
-- hazard data: fails where a value is no shop.open
-- hazard rewrite: rewrites the table to turn text into shop.open
alter table shop.orders alter column status type shop.open using status::text::shop.open;
commit;
