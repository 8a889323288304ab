set search_path = '';
set check_function_bodies = off;
begin;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.things.more`
alter table shop.things drop column more;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.things.note`
alter table shop.things drop column note;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.toys.note`
alter table shop.toys drop column note;
commit;
