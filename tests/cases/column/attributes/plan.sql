set search_path = '';
set check_function_bodies = off;
begin;
create table shop.more (
    body text
);
alter table shop.more alter column body set storage external;
alter table shop.more alter column body set statistics 100;
alter table shop.docs alter column id set statistics 500;
alter table shop.docs alter column body set storage main;
alter table shop.docs alter column body set compression pglz;
alter table shop.docs alter column body set statistics 1000;
commit;
