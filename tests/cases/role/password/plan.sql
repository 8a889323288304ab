set search_path = '';
set check_function_bodies = off;
begin;
-- only `dbstate apply` can run: alter role app password '<from APP_PASSWORD>';
-- only `dbstate apply` can run: create role other login password '<from APP_PASSWORD>';
commit;
