set search_path = '';
set check_function_bodies = off;
begin;
alter role app password '<from APP_PASSWORD>';
create role other login password '<from APP_PASSWORD>';
commit;
