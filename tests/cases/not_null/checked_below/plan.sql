set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.orders validate constraint dated;
commit;
