set search_path = '';
set check_function_bodies = off;
begin;
drop trigger gone on shop.orders;
drop trigger deferred on shop.orders;
drop trigger uses_column on shop.orders;
-- hazard rewrite: rewrites the table to turn integer into bigint
alter table shop.orders alter column id type bigint using id::bigint;
create or replace trigger touch before insert or update of total, note on shop.orders for each row when (new.total > 0) execute function shop.touch('it''s', '1');
alter table shop.orders disable trigger switched;
create constraint trigger deferred after insert on shop.orders deferrable initially deferred for each row execute function shop.touch();
create trigger uses_column before update of id on shop.orders for each row when (old.id <> new.id) execute function shop.touch();
create trigger rows after update on shop.orders referencing old table as before new table as after for each statement execute function shop.touch();
commit;
