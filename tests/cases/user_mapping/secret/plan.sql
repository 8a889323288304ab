set search_path = '';
set check_function_bodies = off;
begin;
-- hazard access: job can no longer log in there
drop user mapping for job server far;
-- only `dbstate apply` can run: alter user mapping for public server far options (add password '<from FAR_PASSWORD>', set "user" 'reader');
-- only `dbstate apply` can run: create user mapping for app server far options (password '<from FAR_PASSWORD>', "user" 'app');
-- hazard access: `postgres` no longer owns foreign server `far`
alter server far owner to app;
commit;
