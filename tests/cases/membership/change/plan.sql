set search_path = '';
set check_function_bodies = off;
begin;
-- hazard access: role `app` loses `admin` in role `auditor`
revoke admin option for auditor from app;
grant pg_monitor to reader;
-- hazard access: role `app` is no longer a member of role `reader`
revoke reader from app;
commit;
