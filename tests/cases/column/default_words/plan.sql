set search_path = '';
set check_function_bodies = off;
begin;
create domain shop.flag as boolean default (not false);
create table shop.b (
    ok boolean default (not true),
    few boolean default (1 in (1, 2)) not null
);
alter table shop.a add column ok boolean default (not false);
commit;
