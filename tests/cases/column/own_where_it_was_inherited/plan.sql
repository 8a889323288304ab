set search_path = '';
set check_function_bodies = off;
begin;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.base.no`
alter table only shop.base drop column no;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.kid.other`
alter table shop.kid drop column other;
commit;
