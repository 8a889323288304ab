set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.orders drop constraint orders_note_said;
drop view shop.codes;
alter table shop.orders alter column id drop default;
alter table shop.orders alter column note drop default;
-- hazard breaking: clients lose function `shop.code()`
drop function shop.code();
create function shop.code(kind integer default 1) returns text
    language sql immutable
as $$select 'b'$$;
alter table shop.orders alter column id set default shop.code();
alter table shop.orders alter column note set default 'b' || shop.code();
alter table shop.orders add constraint orders_note_said check (note <> shop.code());
create view shop.codes as
select shop.code() as code;
commit;
