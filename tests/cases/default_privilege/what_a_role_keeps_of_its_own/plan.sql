set search_path = '';
set check_function_bodies = off;
begin;
create table shop.orders (
    id bigint
);
alter table shop.orders owner to app;
grant select on table shop.orders to other;
alter default privileges for role app grant execute on functions to app;
alter default privileges for role app grant insert, select on tables to app;
alter default privileges for role app grant select on tables to other;
-- hazard access: takes default privileges from app
alter default privileges for role app revoke select, update on sequences from app;
-- hazard access: takes default privileges from other
alter default privileges for role other revoke usage on types from other;
-- hazard access: takes default privileges from public
alter default privileges for role other revoke usage on types from public;
alter default privileges for role other in schema shop grant select on tables to other;
commit;
