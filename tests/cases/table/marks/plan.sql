set search_path = '';
set check_function_bodies = off;
begin;
-- hazard block: readers wait while its query runs again
-- hazard breaking: clients find another materialized view `shop.open`
drop materialized view shop.open;
drop index shop.orders_no;
drop index shop.orders_id;
alter table shop.orders add constraint orders_no unique (no);
alter table shop.orders replica identity using index orders_no;
create index orders_id on shop.orders (id, note);
create materialized view shop.open as
select id, no, note from shop.orders;
create index open_id on shop.open (id);
alter materialized view shop.open cluster on open_id;
alter table shop.orders cluster on orders_id;
commit;
