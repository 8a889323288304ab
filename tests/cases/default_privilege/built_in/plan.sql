set search_path = '';
set check_function_bodies = off;
begin;
alter default privileges for role app grant select on tables to reader;
commit;
