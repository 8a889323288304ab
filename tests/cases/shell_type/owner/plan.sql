set search_path = '';
set check_function_bodies = off;
begin;
drop type shop.gone;
create type shop.new;
create type shop.plain;
alter type shop.plain owner to app;
-- hazard access: `app` no longer owns shell type `shop.kept`
alter type shop.kept owner to keeper;
alter type shop.new owner to keeper;
-- hazard access: `app` no longer owns range type `shop.span`
alter type shop.span owner to keeper;
commit;
