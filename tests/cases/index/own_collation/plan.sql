set search_path = '';
set check_function_bodies = off;
begin;
-- hazard block: builds the index while writers wait
create index a_note on shop.a (note collate "default", name text_ops desc);
commit;
