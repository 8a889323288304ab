set search_path = '';
set check_function_bodies = off;
begin;
alter index shop.orders_note_idx rename to orders_notes;
alter index shop.orders_2_note_idx rename to second_notes;
comment on index shop.first_notes is null;
alter index shop.first_notes rename to orders_1_note_idx;
commit;
create unique index concurrently first_key on shop.orders_1 (id);
create unique index concurrently second_both on shop.orders_2 (note, id);
begin;
alter table shop.orders_1 add constraint first_key primary key using index first_key;
-- hazard block: builds an index while readers and writers wait
alter table shop.orders add constraint orders_pkey primary key (id);
alter table shop.orders_2 add constraint second_both unique using index second_both;
-- hazard block: builds an index while readers and writers wait
alter table shop.orders add constraint orders_both unique (note, id);
commit;
