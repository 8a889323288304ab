set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.things drop constraint things_id_of_key;
alter table shop.toys drop constraint toys_id_of_key;
drop index shop.things_2_id_of_key;
create table shop.new (
    id integer not null,
    of integer not null
) partition by list (of);
create table shop.new_1 (
    id integer constraint new_id_not_null not null,
    of integer constraint new_of_not_null not null,
    constraint new_1_id_of_key unique (id, of)
);
alter table shop.new attach partition shop.new_1 for values in (1);
create table shop.new_2 partition of shop.new for values in (2);
alter table only shop.new add constraint new_id_of_key unique (id, of);
alter index shop.new_id_of_key attach partition shop.new_1_id_of_key;
alter table shop.things add constraint things_id_of_key unique (id, of);
alter table only shop.toys add constraint toys_id_of_key unique (id, of);
commit;
