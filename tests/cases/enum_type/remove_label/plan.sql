set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.orders drop constraint orders_paid;
drop view shop.open_orders;
alter table shop.items drop constraint items_order_fk;
alter table shop.orders drop constraint orders_pkey;
drop index shop.orders_open_idx;
drop index shop.orders_status_idx;
alter type shop.status rename to status_old;
create type shop.status as enum ('paid', 'new', 'sent');
-- hazard rewrite: rewrites the table to move it to the new type
-- hazard data: fails where a row holds `lost`
alter table shop.items alter column order_status type shop.status using order_status::text::shop.status;
-- hazard rewrite: rewrites the table to move it to the new type
-- hazard data: fails where a row holds `lost`
alter table shop.orders alter column past drop default, alter column past type shop.status[] using past::text[]::shop.status[], alter column past set default '{new}'::shop.status[], alter column status drop default, alter column status type shop.status using status::text::shop.status, alter column status set default 'new'::shop.status;
-- hazard rewrite: rewrites the table to turn shop.status into text
alter table shop.items alter column other type text using other::text;
drop type shop.status_old;
-- hazard block: builds an index while readers and writers wait
alter table shop.orders add constraint orders_pkey primary key (id, status);
-- hazard block: scans the table while readers and writers wait
alter table shop.orders add constraint orders_paid check (status <> 'paid' or note is not null);
-- hazard block: compares every row while writers of both tables wait
alter table shop.items add constraint items_order_fk foreign key (order_id, order_status) references shop.orders(id, status);
-- hazard block: builds the index while writers wait
create index orders_open_idx on shop.orders (id) where status = 'new';
-- hazard block: builds the index while writers wait
create index orders_status_idx on shop.orders (status);
create view shop.open_orders as
select id from shop.orders where status = 'new';
comment on type shop.status is 'Where an order is';
commit;
