set search_path = '';
set check_function_bodies = off;
begin;
create extension cube schema public;
create extension earthdistance schema public;
commit;
