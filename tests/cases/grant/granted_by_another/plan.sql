set search_path = '';
set check_function_bodies = off;
begin;
-- hazard access: takes privileges from public
set local role app;
revoke select on table shop.orders from public;
reset role;
-- hazard access: takes privileges from app
set local role lead;
revoke usage on schema shop from app;
reset role;
-- hazard access: takes privileges from app
set local role lead;
revoke insert, select on table shop.orders from app;
reset role;
create view shop.ids as
select id from shop.orders;
alter view shop.ids owner to keeper;
grant usage on schema shop to "night shift" with grant option;
grant select on table shop.ids to lead with grant option;
set local role lead;
grant select on table shop.ids to app;
reset role;
-- hazard access: takes privileges from lead
revoke grant option for select on table shop.orders from lead;
set local role lead;
grant insert on table shop.orders to app;
reset role;
grant select on table shop.orders to "night shift" with grant option;
set local role "night shift";
grant select on table shop.orders to public;
reset role;
grant update (id) on table shop.orders to lead with grant option;
set local role lead;
grant update (id) on table shop.orders to app;
reset role;
grant update (note) on table shop.orders to lead;
commit;
