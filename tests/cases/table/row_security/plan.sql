set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.orders enable row level security;
-- hazard access: policies no longer bind the owner
alter table shop.orders no force row level security;
-- hazard access: policies no longer hold: every row can be seen
alter table shop.notes disable row level security;
alter table shop.notes force row level security;
commit;
