set search_path = '';
set check_function_bodies = off;
begin;
create table shop.a (
    x integer,
    constraint tt_x_not_null not null x
);
create table shop.tt (
    x integer constraint tt_x_not_null not null
);
commit;
