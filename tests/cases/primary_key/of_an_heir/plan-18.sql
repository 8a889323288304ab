set search_path = '';
set check_function_bodies = off;
begin;
create table shop.toys (
) inherits (shop.things);
create table shop.parts_1 partition of shop.parts for values in (1);
alter table shop.parts_1 add constraint parts_1_key primary key (id);
alter table shop.toys add constraint toys_key primary key (id);
commit;
