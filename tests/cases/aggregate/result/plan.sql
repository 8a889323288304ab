set search_path = '';
set check_function_bodies = off;
begin;
drop view shop.best;
-- hazard breaking: clients find another aggregate `shop.top(integer)`
drop aggregate shop.top(integer);
create aggregate shop.top(integer) (
    sfunc = int4larger,
    finalfunc = shop.half,
    stype = integer
);
create view shop.best as
select shop.top(x) as top from generate_series(1, 3) x;
comment on aggregate shop.top(integer) is 'Half of the greatest';
commit;
