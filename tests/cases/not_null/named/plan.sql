set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.orders add column more integer default 1;
alter table shop.orders rename constraint orders_note_not_null to "note there";
alter table shop.orders alter constraint "note there" no inherit;
-- hazard block: scans the table while readers and writers wait
alter table shop.orders add constraint code_there not null code;
alter table shop.orders add constraint orders_id not null id not valid;
-- hazard block: scans the table while readers and writers wait
alter table shop.orders add constraint more_there not null more;
comment on constraint "note there" on shop.orders is 'it is said';
commit;
