set search_path = '';
set check_function_bodies = off;
begin;
drop view shop.w;
-- hazard breaking: clients find another view `shop.v`
drop view shop.v;
create view shop.v as
select total, id from shop.orders;
create view shop.w as
select id from shop.v;
alter materialized view shop.m alter column id set statistics -1;
alter view shop.v alter column total set default 4;
comment on column shop.m.id is 'Number';
comment on column shop.v.id is 'New';
comment on column shop.v.total is 'Sum';
commit;
