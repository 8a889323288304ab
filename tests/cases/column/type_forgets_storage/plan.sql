set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.orders alter column note type character varying using note::character varying;
alter table shop.orders alter column note set storage external;
alter table shop.orders alter column note set compression pglz;
commit;
