set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of attribute `shop.line.title`
alter table shop.lines not of;
alter table shop.more not of;
alter type shop.line rename attribute label to title;
-- hazard breaking: clients know the old name of column `shop.lines.title`
alter table shop.lines rename column label to title;
-- hazard breaking: clients know the old name of column `shop.more.title`
alter table shop.more rename column label to title;
-- hazard data: drops what columns of the type hold in it
-- hazard breaking: clients lose attribute `shop.line.gone`
alter type shop.line drop attribute gone;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.lines.gone`
alter table shop.lines drop column gone;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.more.gone`
alter table shop.more drop column gone;
alter type shop.line alter attribute no type bigint;
alter type shop.line alter attribute price type numeric(12,2);
alter type shop.line add attribute added date;
-- hazard rewrite: rewrites the table to turn integer into bigint
-- hazard rewrite: rewrites the table to turn integer into numeric(12,2)
alter table shop.lines alter column no type bigint using no::bigint, alter column price drop default, alter column price type numeric(12,2) using price::numeric(12,2), alter column price set default 1;
alter table shop.lines add column added date;
alter table shop.lines of shop.line;
-- hazard rewrite: rewrites the table to turn integer into bigint
-- hazard rewrite: rewrites the table to turn integer into numeric(12,2)
alter table shop.more alter column no type bigint using no::bigint, alter column price type numeric(12,2) using price::numeric(12,2);
alter table shop.more add column added date;
alter table shop.more of shop.line;
create or replace view shop.labels as
select title as label from shop.lines;
alter table shop.others not of;
-- hazard data: drops what columns of the type hold in it
-- hazard breaking: clients lose attribute `shop.other.a`
alter type shop.other drop attribute a;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.others.a`
alter table shop.others drop column a;
alter table shop.others of shop.other;
commit;
