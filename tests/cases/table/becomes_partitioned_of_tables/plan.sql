set search_path = '';
set check_function_bodies = off;
begin;
-- hazard rewrite: copies the rows to the table that takes its place
create temporary table "rows of shop.sale" on commit drop as select * from only shop.sale;
alter sequence shop.sale_id_seq owned by none;
-- hazard breaking: clients find another table `shop.sale`
drop table shop.sale;
create table shop.sale (
    id integer default nextval('shop.sale_id_seq'::regclass) not null,
    at integer not null
) partition by range (at);
alter table shop.sale attach partition shop.sale_0 for values from (0) to (10);
alter table shop.sale attach partition shop.sale_1 for values from (10) to (20);
insert into shop.sale (id, at) overriding system value select id, at from pg_temp."rows of shop.sale";
alter sequence shop.sale_id_seq owned by shop.sale.id;
alter table shop.sale_0 alter column id set default nextval('shop.sale_id_seq'::regclass);
alter table shop.sale_1 alter column id set default nextval('shop.sale_id_seq'::regclass);
commit;
