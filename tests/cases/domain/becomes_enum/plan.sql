set search_path = '';
set check_function_bodies = off;
begin;
drop view shop.paid;
alter table shop.items drop constraint items_order;
alter table shop.orders drop constraint orders_pkey;
drop index shop.orders_status;
-- hazard rewrite: rewrites the table to turn shop.status into text
alter table shop.items alter column order_status type text using order_status::text;
alter table shop.orders alter column status drop default;
-- hazard rewrite: rewrites the table to turn shop.status into text
-- hazard rewrite: rewrites the table to turn shop.status[] into text[]
alter table shop.orders alter column status type text using status::text, alter column past type text[] using past::text[];
-- hazard breaking: clients lose domain `shop.status`
drop domain shop.status;
create type shop.status as enum ('new', 'paid');
-- hazard data: fails where a value is no shop.status
-- hazard rewrite: rewrites the table to turn text into shop.status
alter table shop.items alter column order_status type shop.status using order_status::text::shop.status;
-- hazard data: fails where a value is no shop.status
-- hazard rewrite: rewrites the table to turn text into shop.status
-- hazard data: fails where a value is no shop.status[]
-- hazard rewrite: rewrites the table to turn text[] into shop.status[]
alter table shop.orders alter column status type shop.status using status::text::shop.status, alter column status set default 'new', alter column past type shop.status[] using past::text[]::shop.status[];
-- hazard block: builds an index while readers and writers wait
alter table shop.orders add constraint orders_pkey primary key (id, status);
alter table shop.items add constraint items_order foreign key (order_id, order_status) references shop.orders(id, status);
-- hazard block: builds the index while writers wait
create index orders_status on shop.orders (status);
create view shop.paid as
select id from shop.orders where status = 'paid';
commit;
