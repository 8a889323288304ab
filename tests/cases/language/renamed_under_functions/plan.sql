set search_path = '';
set check_function_bodies = off;
begin;
alter language mine rename to ours;
commit;
