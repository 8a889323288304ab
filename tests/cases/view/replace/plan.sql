set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients lose view `shop.gone`
drop view shop.gone;
-- hazard breaking: clients lose view `shop.above`
drop view shop.above;
-- hazard breaking: clients lose view `shop.reordered`
drop view shop.reordered;
create or replace view shop.appended as
SELECT orders.id,
    orders.total
   FROM shop.orders
  WHERE (orders.total > (0)::numeric);
create view shop.reordered as
SELECT orders.total,
    orders.id
   FROM shop.orders;
create view shop.above as
SELECT reordered.id
   FROM shop.reordered;
-- hazard access: functions of a caller can see rows that the view hides
alter view shop.options reset (security_barrier);
-- hazard access: functions of a caller can see rows that the view hides
alter view shop.options set (check_option = local);
create view shop.later as
select id from shop.appended;
comment on view shop.reordered is 'Kept';
commit;
