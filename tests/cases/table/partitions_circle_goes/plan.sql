set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.a_1 drop constraint a_1_b;
alter table shop.b_1 drop constraint b_1_a;
alter table shop.a detach partition shop.a_1;
-- hazard data: drops the table with its rows
-- hazard breaking: clients lose table `shop.a_1`
drop table shop.a_1;
alter table shop.b detach partition shop.b_1;
-- hazard data: drops the table with its rows
-- hazard breaking: clients lose table `shop.b_1`
drop table shop.b_1;
commit;
