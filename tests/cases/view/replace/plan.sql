set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients lose view `shop.gone`
drop view shop.gone;
drop view shop.above;
-- hazard breaking: clients find another view `shop.reordered`
drop view shop.reordered;
create or replace view shop.appended as
select id, total
from shop.orders
where total > 0;
create view shop.reordered as
select total, id from shop.orders;
create view shop.above as
select id from shop.reordered;
-- hazard access: functions of a caller can see rows that the view hides
alter view shop.options reset (security_barrier);
alter view shop.options set (check_option = 'local');
create view shop.later as
select id from shop.appended;
comment on view shop.reordered is 'Kept';
commit;
