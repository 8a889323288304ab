set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.a_1 enable trigger touch;
create table shop.a_3 partition of shop.a for values in (3);
alter table shop.a_2 enable always trigger touch;
alter table shop.a_3 disable trigger touch;
commit;
