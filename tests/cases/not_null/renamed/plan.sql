set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of table `shop.sales`
alter table shop.orders rename to sales;
-- hazard breaking: clients know the old name of column `shop.sales.c_new`
alter table shop.sales rename column c to c_new;
alter table shop.sales rename constraint a_one to a_two;
alter table shop.sales rename constraint d_one to d_two;
comment on constraint c_one on shop.sales is null;
alter table shop.sales rename constraint b_one to b_two;
alter table shop.sales rename constraint c_one to c_two;
commit;
