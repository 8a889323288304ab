set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.balls add column more integer default 1 not null;
alter table shop.things add column more integer default 1 not null;
alter table shop.toys add column note text;
alter table shop.things add column note text;
commit;
