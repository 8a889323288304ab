set search_path = '';
set check_function_bodies = off;
begin;
create sequence shop."it's" start with 59;
create table shop.items (
    no bigint default nextval('shop."it''s"')
);
commit;
