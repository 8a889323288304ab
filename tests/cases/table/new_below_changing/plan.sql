set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.items alter column code set default 'new';
alter table only shop.items alter column code set compression pglz;
alter table shop.items alter column note set default 'none';
alter table shop.items alter column note set storage main;
create table shop.first_items partition of shop.items (
    note with options default 'first'
) for values from (0) to (10);
alter table shop.things alter column code set default 'new';
alter table only shop.things alter column code set compression pglz;
alter table shop.things alter column note set default 'none';
alter table shop.things alter column note set storage main;
create table shop.a_thing (
) inherits (shop.things);
create table shop.b_thing (
) inherits (shop.things);
alter table shop.b_thing alter column code set default 'own';
alter table shop.b_thing alter column note set storage external;
commit;
