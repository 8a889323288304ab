set search_path = '';
set check_function_bodies = off;
begin;
drop rule gone on shop.orders;
create or replace rule changed as on insert to shop.orders where new.id > 0 do also insert into shop.log values (new.id);
alter table shop.orders enable always rule changed;
comment on rule changed on shop.orders is 'Logs';
commit;
