set search_path = '';
set check_function_bodies = off;
begin;
alter type shop.other add value 'c';
commit;
begin;
alter type shop.sort add value 'c';
commit;
begin;
-- hazard rewrite: copies the rows to the table that takes its place
create temporary table "rows of shop.job" on commit drop as select * from shop.job;
-- hazard breaking: clients lose table `shop.job_a`
drop table shop.job;
create table shop.job (
    id integer,
    sort shop.sort default 'c'::shop.sort
);
insert into shop.job (id, sort) overriding system value select id, sort from pg_temp."rows of shop.job";
commit;
