set search_path = '';
set check_function_bodies = off;
begin;
drop view shop.above;
-- hazard block: readers wait while its query runs again
-- hazard breaking: clients find another materialized view `shop.sums`
drop materialized view shop.sums;
create materialized view shop.sums as
select sum(total) as total, count(*) as n from shop.orders;
create view shop.above as
select total from shop.sums;
alter materialized view shop.options reset (fillfactor);
alter materialized view shop.options set (autovacuum_enabled = 'false');
create materialized view shop.empty as
select 2 as two
with no data;
comment on materialized view shop.sums is 'Kept';
commit;
