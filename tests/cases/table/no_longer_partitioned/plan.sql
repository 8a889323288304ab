set search_path = '';
set check_function_bodies = off;
begin;
-- hazard rewrite: copies the rows to the table that takes its place
create temporary table "rows of shop.sale" on commit drop as select * from shop.sale;
-- hazard breaking: clients lose table `shop.sale_north`, table `shop.sale_south`
drop table shop.sale;
create table shop.sale (
    id integer,
    place text
);
insert into shop.sale (id, place) overriding system value select id, place from pg_temp."rows of shop.sale";
commit;
