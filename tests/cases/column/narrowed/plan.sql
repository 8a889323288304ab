set search_path = '';
set check_function_bodies = off;
begin;
-- hazard data: turns text into character varying(10): values may be cut, rounded or refused
-- hazard rewrite: rewrites the table to turn text into character varying(10)
-- hazard data: turns numeric into numeric(6,2): values may be cut, rounded or refused
-- hazard rewrite: rewrites the table to turn numeric into numeric(6,2)
-- hazard data: turns timestamp with time zone into date: values may be cut, rounded or refused
-- hazard rewrite: rewrites the table to turn timestamp with time zone into date
-- hazard data: turns bigint into integer: values may be cut, rounded or refused
-- hazard rewrite: rewrites the table to turn bigint into integer
-- hazard rewrite: rewrites the table to turn text[] into text
-- hazard rewrite: rewrites the table to turn integer into integer[]
-- hazard data: keeps of each date[] the first element only
-- hazard rewrite: rewrites the table to turn date[] into date
alter table shop.items alter column code drop default, alter column code type character varying(10) using code::character varying(10), alter column code set default 'b', alter column price type numeric(6,2) using price::numeric(6,2), alter column seen type date using seen::date, alter column count type integer using count::integer, alter column tags type text using tags::text, alter column number type integer[] using case when number is null then null else array[number]::integer[] end, alter column first drop default, alter column first type date using first[1]::date;
commit;
