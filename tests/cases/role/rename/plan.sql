set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of role `reader`
alter role reader rename to reading;
-- hazard breaking: clients know the old name of role `app`
alter role app rename to application;
commit;
