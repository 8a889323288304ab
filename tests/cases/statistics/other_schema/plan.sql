set search_path = '';
set check_function_bodies = off;
begin;
alter statistics other.s set statistics 5;
comment on statistics other.s is 'far';
commit;
