set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.toys no inherit shop.things;
alter table shop.toys inherit shop.things;
commit;
