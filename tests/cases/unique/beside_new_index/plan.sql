set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.later_orders drop constraint later_orders_pkey;
create unique index orders_id on only shop.orders (id);
-- hazard block: builds an index while readers and writers wait
alter table shop.later_orders add constraint later_orders_pkey primary key (id);
alter index shop.orders_id attach partition shop.first_id;
create unique index users_id on only shop.users (id);
alter index shop.users_id attach partition shop.first_users_pkey;
commit;
create unique index concurrently later_orders_id_idx on shop.later_orders (id);
create unique index concurrently later_users_id_idx on shop.later_users (id);
begin;
alter index shop.orders_id attach partition shop.later_orders_id_idx;
alter index shop.users_id attach partition shop.later_users_id_idx;
commit;
