set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.items drop constraint items_code_said;
drop index shop.items_code_idx;
-- hazard block: rebuilds the indexes of the column while readers and writers wait
alter table shop.items alter column code type text using code::text, alter column name type character varying(30) using name::character varying(30);
drop collation shop.plain;
create collation shop.plain (provider = libc, locale = 'C');
-- hazard block: rebuilds the indexes of the column while readers and writers wait
alter table shop.items alter column code type text collate shop.plain using code::text, alter column name type character varying(30) collate shop.plain using name::character varying(30);
alter table shop.items alter column name drop not null;
-- hazard block: scans the table while readers and writers wait
alter table shop.items add constraint items_code_said check (code <> '');
-- hazard block: builds the index while writers wait
create index items_code_idx on shop.items (code, size);
commit;
