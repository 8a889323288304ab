set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of sequence `shop.orders_no_seq`
alter sequence shop.purchase_no_seq rename to orders_no_seq;
-- hazard breaking: clients know the old name of table `shop.orders`
alter table shop.purchase rename to orders;
alter sequence shop.purchase_id_seq rename to orders_id_seq;
-- hazard breaking: clients know the old name of table `shop.held`
alter table shop.kept rename to held;
-- hazard breaking: clients know the old name of column `shop.orders.key`
alter table shop.orders rename column id to key;
alter sequence shop.orders_id_seq rename to orders_key_seq;
alter table shop.orders rename constraint purchase_pkey to orders_pkey;
commit;
