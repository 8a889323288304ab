set search_path = '';
set check_function_bodies = off;
begin;
-- hazard block: builds an index while readers and writers wait
alter table shop.orders add constraint orders_pkey primary key (id);
alter index shop.first_key rename to orders_1_pkey;
-- hazard block: builds an index while readers and writers wait
alter table shop.orders add constraint orders_both unique (note, id);
alter index shop.first_both rename to orders_1_note_id_key;
create index orders_notes on only shop.orders (note);
alter index shop.orders_notes attach partition shop.first_notes;
alter index shop.first_notes rename to orders_1_note_idx;
commit;
