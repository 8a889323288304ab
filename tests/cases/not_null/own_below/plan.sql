set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.base alter column b set not null;
alter table shop.base alter column c drop not null;
alter table shop."both" alter column a set not null;
alter table shop."both" alter column c drop not null;
alter table shop.heir alter column a set not null;
alter table shop.more alter column b set not null;
alter table shop."both" alter column d set not null;
alter table shop.more rename constraint more_e_not_null to base_e_not_null;
alter table shop.base alter column e set not null;
create table shop.late (
    a integer,
    b integer not null
) inherits (shop.base);
alter table shop.late alter column d set not null;
commit;
