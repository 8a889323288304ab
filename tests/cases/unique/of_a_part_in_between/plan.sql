set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.first_orders rename constraint first_id to first_orders_id_key;
alter table shop.lines drop constraint lines_id;
alter index shop.first_note rename to first_orders_note_idx;
alter table shop.first_lines add constraint lines_first unique (id);
commit;
