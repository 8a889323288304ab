set search_path = '';
set check_function_bodies = off;
begin;
refresh materialized view shop.totals;
create view shop.seen as
select total from shop.totals;
create materialized view shop.twice as
select total * 2 as total from shop.seen;
commit;
