set search_path = '';
set check_function_bodies = off;
begin;
alter role all set work_mem to '16MB';
alter role all set search_path to shop, public;
commit;
