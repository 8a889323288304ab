set search_path = '';
set check_function_bodies = off;
begin;
drop index shop.orders_new_idx;
alter table shop.orders drop column is_new;
alter type shop.status rename to status_old;
create type shop.status as enum ('paid', 'new');
-- hazard rewrite: rewrites the table to move it to the new type
alter table shop.orders alter column status drop default, alter column status type shop.status using status::text::shop.status, alter column status set default 'new'::shop.status;
drop type shop.status_old;
-- hazard rewrite: rewrites the table
alter table shop.orders add column is_new boolean generated always as (status = 'new'::shop.status) stored;
-- hazard block: builds the index while writers wait
create index orders_new_idx on shop.orders (is_new);
commit;
