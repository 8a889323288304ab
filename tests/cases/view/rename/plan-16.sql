set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of column `shop.orders.amount`
alter table shop.orders rename column total to amount;
-- hazard breaking: clients know the old name of function `shop.total(integer)`
alter function shop.old_total(integer) rename to total;
-- hazard breaking: clients know the old name of function `shop.stamp()`
alter function shop.touch() rename to stamp;
-- hazard breaking: clients know the old name of view `shop.new`
alter view shop.old rename to new;
-- hazard breaking: clients know the old name of materialized view `shop.sums`
alter materialized view shop.old_sums rename to sums;
alter trigger touch on shop.orders rename to stamp;
alter policy mine on shop.orders rename to own;
commit;
