set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of table `shop.orders`
alter table shop.purchase rename to orders;
-- hazard breaking: clients know the old name of column `shop.items.order_id`
alter table shop.items rename column purchase_id to order_id;
-- hazard breaking: clients know the old name of column `shop.items.order_no`
alter table shop.items rename column purchase_no to order_no;
-- hazard breaking: clients know the old name of column `shop.orders.key`
alter table shop.orders rename column id to key;
-- hazard breaking: clients know the old name of column `shop.orders.number`
alter table shop.orders rename column no to number;
-- hazard breaking: clients know the old name of column `shop.orders.note`
alter table shop.orders rename column "Note" to note;
alter table shop.orders rename constraint purchase_pkey to orders_pkey;
alter table shop.items rename constraint items_purchase to items_order;
alter index shop.purchase_note rename to orders_note;
commit;
