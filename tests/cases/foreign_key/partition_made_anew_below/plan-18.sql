set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.line drop constraint line_sale;
-- hazard rewrite: copies the rows to the table that takes its place
create temporary table "rows of shop.sale_1" on commit drop as select * from shop.sale_1;
-- hazard breaking: clients find another table `shop.sale_1`
drop table shop.sale_1;
create table shop.sale_1 (
    id integer constraint sale_id_not_null not null
) partition by hash (id);
alter table shop.sale attach partition shop.sale_1 for values in (1);
create table shop.sale_1_rest partition of shop.sale_1 for values with (modulus 1, remainder 0);
insert into shop.sale_1 (id) overriding system value select id from pg_temp."rows of shop.sale_1";
-- hazard block: compares every row while writers of both tables wait
alter table shop.line add constraint line_sale foreign key (sale) references shop.sale(id);
commit;
