set search_path = '';
set check_function_bodies = off;
begin;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.above.z`
alter table only shop.above drop column z;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.between.z`
alter table only shop."between" drop column z;
commit;
