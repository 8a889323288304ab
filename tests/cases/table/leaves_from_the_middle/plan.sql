set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: `shop.things` no longer shows the rows of table `shop.both`
alter table shop."both" no inherit shop.things;
-- hazard data: drops the table with its rows
-- hazard breaking: clients lose table `shop.things`
drop table shop.things;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.others.note`
alter table shop.others drop column note;
-- hazard breaking: `shop.old` no longer shows the rows of table `shop.young`
alter table shop.old detach partition shop.young;
-- hazard data: drops the table with its rows
-- hazard breaking: clients lose table `shop.old`
drop table shop.old;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.young.note`
alter table shop.young drop column note;
alter table shop.young add column more text;
-- hazard breaking: `shop."some"` no longer shows the rows of table `shop.one`
alter table shop."some" detach partition shop.one;
-- hazard data: drops the table with its rows
-- hazard breaking: clients lose table `shop.some`
drop table shop."some";
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.events.extra`
alter table shop.events drop column extra;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.one.extra`
alter table shop.one drop column extra;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.one.note`
alter table shop.one drop column note;
alter table shop.one add column number integer;
commit;
