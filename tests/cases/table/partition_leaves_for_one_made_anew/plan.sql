set search_path = '';
set check_function_bodies = off;
begin;
-- hazard rewrite: copies the rows to the table that takes its place
create temporary table "rows of shop.sale" on commit drop as select * from only shop.sale;
-- hazard breaking: clients find another table `shop.sale`
drop table shop.sale;
create table shop.sale (
    day integer
) partition by list (day);
create table shop.sale_1 partition of shop.sale for values in (1);
-- hazard breaking: `shop.old` no longer shows the rows of table `shop.sale_7`
alter table shop.old detach partition shop.sale_7;
-- hazard rewrite: copies the rows to the table that takes its place
create temporary table "rows of shop.old" on commit drop as select * from shop.old;
-- hazard breaking: clients find another table `shop.old`
drop table shop.old;
alter table shop.sale attach partition shop.sale_7 for values in (7);
insert into shop.sale (day) overriding system value select day from pg_temp."rows of shop.sale";
create table shop.old (
    day integer
) partition by range (day);
insert into shop.old (day) overriding system value select day from pg_temp."rows of shop.old";
commit;
