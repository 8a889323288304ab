set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of schema `libx`
alter schema lib rename to libx;
commit;
