set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: `shop.above` no longer shows the rows of table `shop.both`
alter table shop."both" no inherit shop.above;
alter table shop.below no inherit shop.above;
alter table shop.below inherit shop.above;
alter table shop."both" no inherit shop.other;
alter table shop."both" inherit shop.other;
commit;
