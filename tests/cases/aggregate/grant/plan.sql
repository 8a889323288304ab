set search_path = '';
set check_function_bodies = off;
begin;
-- hazard access: `postgres` no longer owns aggregate `shop.rows()`
alter aggregate shop.rows(*) owner to app;
-- hazard access: takes privileges from public
revoke execute on function shop.rows() from public;
commit;
