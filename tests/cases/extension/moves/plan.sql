set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know its objects by the old schema
alter extension citext set schema other;
commit;
