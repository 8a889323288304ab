set search_path = '';
set check_function_bodies = off;
begin;
-- hazard rewrite: copies the rows to the table that takes its place
create temporary table "rows of shop.p" on commit drop as select * from only shop.p;
alter sequence shop.p_id_seq owned by none;
-- hazard breaking: clients find another table `shop.p`
drop table shop.p;
create table shop.p (
    x integer,
    id integer default nextval('shop.p_id_seq'::regclass) not null
) partition by list (x);
insert into shop.p (x, id) overriding system value select x, id from pg_temp."rows of shop.p";
alter table shop.p owner to app;
alter sequence shop.p_id_seq owned by shop.p.id;
commit;
