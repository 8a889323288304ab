set search_path = '';
set check_function_bodies = off;
begin;
alter index shop.first_note rename to first_orders_note_idx;
alter table shop.orders detach partition shop.first_orders;
drop index shop.first_lower;
-- hazard block: compares every row of table `shop.first_orders` with its bounds while readers and writers wait
alter table shop.orders attach partition shop.first_orders for values from (0) to (10);
drop index shop.later_note;
drop index shop.new_note;
drop index shop.orders_id;
-- hazard block: builds the index while writers wait
create index first_note on shop.first_orders (note);
-- hazard block: builds the index while writers wait
create index first_lower on shop.first_orders (lower(note));
alter index shop.later_orders_note_idx rename to later_note;
alter index shop.later_note set (fillfactor = '60');
commit;
