set search_path = '';
set check_function_bodies = off;
begin;
-- hazard access: rows that only it lets through are no longer seen or written
drop policy gone on shop.orders;
-- hazard access: rows that only it lets through are no longer seen or written
drop policy loses_check on shop.orders;
alter table shop.orders force row level security;
-- hazard rewrite: rewrites the table to turn integer into bigint
alter table shop.orders alter column id type bigint using id::bigint;
-- hazard access: other rows can be seen or written than before
alter policy altered on shop.orders to postgres using (status = 'old') with check (id > 2);
create policy loses_check on shop.orders using (id > 0);
-- hazard access: rows that it refuses are no longer seen or written
create policy narrows on shop.orders as restrictive for delete using (id > 9);
commit;
