set search_path = '';
set check_function_bodies = off;
begin;
-- hazard rewrite: rewrites the table to turn shop.codes into text
alter table shop.t alter column a type text using a::text;
drop domain shop.codes;
alter domain shop.code rename to code_old;
create domain shop.code as integer[];
-- hazard rewrite: rewrites the table to move it to the new type
-- hazard data: fails where a value is no integer[]
alter table shop.t alter column b type shop.code using case when b is null then null else array[b]::shop.code end;
drop domain shop.code_old;
create domain shop.codes as shop.code;
-- hazard data: fails where a value is no shop.codes
-- hazard rewrite: rewrites the table to turn text into shop.codes
alter table shop.t alter column a type shop.codes using a::text::shop.codes;
commit;
