set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients find another view `shop.v`
drop view shop.v;
-- hazard access: rows that only it lets through are no longer seen or written
drop policy mine on shop.t;
alter table shop.t alter column a drop default;
-- hazard breaking: clients lose function `shop.rate()`
drop function shop.rate();
create function shop.rate(n integer default 1) returns text
    language sql stable
as $$select 'a'::text$$;
alter table shop.t alter column a set default shop.rate();
create view shop.v as
select shop.rate() as r, 1 as n;
create policy mine on shop.t using (a = shop.rate() and a is not null);
commit;
