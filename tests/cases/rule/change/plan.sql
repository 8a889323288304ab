set search_path = '';
set check_function_bodies = off;
begin;
drop rule gone on shop.orders;
create or replace rule changed as ON INSERT TO shop.orders
   WHERE (new.id > 0) DO  INSERT INTO shop.log (id)
  VALUES (new.id);
alter table shop.orders enable always rule changed;
comment on rule changed on shop.orders is 'Logs';
commit;
