set search_path = '';
set check_function_bodies = off;
begin;
create index a_note on shop.a (note collate "default", name text_ops desc);
commit;
