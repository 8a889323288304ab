set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.base alter column id drop not null;
commit;
