set search_path = '';
set check_function_bodies = off;
begin;
create table shop.remarks (
    body text[] not null
);
alter table shop.remarks alter column body set storage external;
alter table only shop.remarks alter column body set compression pglz;
create table book.notes (
) inherits (shop.remarks);
commit;
