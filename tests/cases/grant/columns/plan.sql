set search_path = '';
set check_function_bodies = off;
begin;
-- hazard access: takes privileges from app
revoke select on table shop.orders from app;
grant select (total) on table shop.orders to app;
-- hazard access: takes privileges from reader
revoke select, update on table shop.orders from reader;
grant select (id), update (id) on table shop.orders to reader;
commit;
