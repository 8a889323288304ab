set search_path = '';
set check_function_bodies = off;
begin;
-- hazard data: turns character varying(30) into character(8): values may be cut, rounded or refused
-- hazard rewrite: rewrites the table to turn character varying(30) into character(8)
alter table shop.books alter column code type character(8) using code::character(8);
alter table shop.books alter column code set storage main;
alter table only shop.books alter column code set compression pglz;
-- hazard data: turns character varying(30) into character(8): values may be cut, rounded or refused
-- hazard rewrite: rewrites the table to turn character varying(30) into character(8)
alter table shop.items alter column code type character(8) using code::character(8);
alter table shop.items alter column code set storage external;
alter table only shop.items alter column code set compression pglz;
alter table shop.items_rest alter column code set compression pglz;
alter table shop.maps alter column code set compression pglz;
commit;
