set search_path = '';
set check_function_bodies = off;
begin;
create table shop.line (
    id integer
);
commit;
