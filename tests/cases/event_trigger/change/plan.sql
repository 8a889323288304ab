set search_path = '';
set check_function_bodies = off;
begin;
-- hazard access: what it guards against goes unseen
drop event trigger notes;
create event trigger notes on ddl_command_end when tag in ('CREATE TABLE', 'ALTER TABLE') execute function shop.note();
comment on event trigger notes is 'Tells more';
alter event trigger starts enable always;
create event trigger drops on sql_drop execute function shop.note();
alter event trigger drops disable;
commit;
