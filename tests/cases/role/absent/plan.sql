set search_path = '';
set check_function_bodies = off;
begin;
-- hazard access: takes privileges from old
revoke usage on schema other from old;
-- hazard access: `old` no longer owns schema `shop`
alter schema shop owner to new;
grant usage on schema shop to app;
-- hazard access: role `app` is no longer a member of role `old`
revoke old from app;
-- hazard access: nobody can be role `old` any more
drop role old;
commit;
