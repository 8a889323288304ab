set search_path = '';
set check_function_bodies = off;
begin;
-- hazard block: readers wait while its query runs again
drop materialized view shop.stored;
drop view shop.open;
-- hazard rewrite: rewrites the table to turn integer into bigint
alter table shop.orders alter column id type bigint using id::bigint;
create view shop.open as
select id from shop.orders where status = 'new';
create materialized view shop.stored as
select id from shop.open;
create trigger ins instead of insert on shop.open for each row execute function shop.touch();
comment on view shop.open is 'Open';
commit;
