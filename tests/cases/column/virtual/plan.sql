set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients find another column `shop.t.b`
alter table shop.t drop column b;
-- hazard breaking: clients find another column `shop.t.c`
alter table shop.t drop column c;
alter table shop.t add column b integer generated always as (a * 4) virtual;
alter table shop.t add column c integer generated always as (a * 3) virtual;
alter table shop.t add column d integer generated always as (a + 1) virtual;
commit;
