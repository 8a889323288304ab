set search_path = '';
set check_function_bodies = off;
begin;
create table shop.new (
    id integer
);
alter table only shop.new alter column id set statistics 9;
create table shop.newer (
) inherits (shop.new);
alter table only shop.base alter column id set statistics 50;
alter table shop.base alter column note set storage external;
alter table only shop.base alter column note set compression pglz;
alter table shop.base alter column more set storage main;
alter table shop.heir alter column note set compression pglz;
alter table shop.parts alter column note set storage main;
alter table only shop.parts alter column note set compression pglz;
alter table shop.part alter column note set compression pglz;
commit;
