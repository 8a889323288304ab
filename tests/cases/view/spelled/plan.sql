set search_path = '';
set check_function_bodies = off;
begin;
alter view shop.a set (security_barrier = 'true');
alter view shop.b set (security_barrier = '1');
alter view shop.c reset (security_barrier);
commit;
