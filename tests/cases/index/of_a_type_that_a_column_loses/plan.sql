set search_path = '';
set check_function_bodies = off;
begin;
drop index shop.sale_code;
drop index shop.sale_word;
-- hazard data: turns character varying(10) into integer: values may be cut, rounded or refused
-- hazard rewrite: rewrites the table to turn character varying(10) into integer
-- hazard data: turns text into integer: values may be cut, rounded or refused
-- hazard rewrite: rewrites the table to turn text into integer
alter table shop.sale alter column code type integer using code::integer, alter column word type integer using word::integer;
-- hazard block: builds the index while writers wait
create index sale_code on shop.sale (code);
-- hazard block: builds the index while writers wait
create index sale_word on shop.sale (word);
commit;
