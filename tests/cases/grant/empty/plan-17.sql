set search_path = '';
set check_function_bodies = off;
begin;
grant delete, insert, maintain, references, select, trigger, truncate, update on table shop.a to app;
-- hazard access: takes privileges from public
revoke usage on type shop.d from public;
-- hazard access: takes privileges from public
revoke execute on function shop.one() from public;
grant execute on function shop.two() to app;
revoke delete, insert, maintain, references, select, trigger, truncate, update on table shop.b from app;
revoke usage on type shop.d from app;
grant usage on type shop.e to public;
revoke execute on function shop.one() from app;
grant execute on function shop.two() to public;
commit;
