set search_path = '';
set check_function_bodies = off;
begin;
create table shop.toys (
    constraint toys_key primary key (id)
) inherits (shop.things);
create table shop.parts_1 partition of shop.parts (
    constraint parts_1_key primary key (id)
) for values in (1);
commit;
