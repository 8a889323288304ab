set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.a detach partition shop.a_1;
-- hazard block: scans the table to see that its rows are within the bounds
alter table shop.a attach partition shop.a_1 for values in (1, 3);
create foreign table shop.a_2 partition of shop.a for values in (2) server there options (filename '/dev/null', format 'csv');
alter table shop.a_1 alter column note set default 'none';
alter table shop.base add column more text;
alter table shop.heir add column z integer;
commit;
