set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of view `shop.first`
alter view shop.top rename to first;
drop view shop.first;
drop view shop.middle;
drop view shop.base;
alter table shop.t alter column a type character varying(40) using a::character varying(40);
create view shop.base as
select a, b from shop.t;
create view shop.middle as
select lower(a) as a from shop.base;
create view shop.first as
select a from shop.middle;
commit;
