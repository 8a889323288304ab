set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.a drop constraint a_b;
alter table shop.b drop constraint b_a;
-- hazard data: drops the table with its rows
-- hazard breaking: clients lose table `shop.a`
drop table shop.a;
-- hazard data: drops the table with its rows
-- hazard breaking: clients lose table `shop.b`
drop table shop.b;
commit;
