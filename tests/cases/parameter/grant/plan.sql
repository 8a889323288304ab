set search_path = '';
set check_function_bodies = off;
begin;
grant alter system, set on parameter log_statement to app;
grant set on parameter session_replication_role to app;
commit;
