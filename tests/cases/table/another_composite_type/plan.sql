set search_path = '';
set check_function_bodies = off;
begin;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.joins.more`
alter table shop.joins drop column more;
create type shop.shorter as (
    no integer
);
alter table shop.grows not of;
alter table shop.joins of shop.line;
alter table shop.grows add column price integer;
alter table shop.grows of shop.longer;
alter table shop.leaves not of;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.leaves.no`
alter table shop.leaves drop column no;
alter table shop.leaves add column more integer;
alter table shop.shrinks not of;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.shrinks.label`
alter table shop.shrinks drop column label;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.shrinks.price`
alter table shop.shrinks drop column price;
alter table shop.shrinks of shop.shorter;
commit;
