set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.orders alter column no drop default;
-- hazard breaking: clients find another function `shop.next_no(integer)`
drop function shop.next_no(integer);
alter table shop.orders alter column author drop default;
-- hazard breaking: clients find another function `shop.who()`
drop function shop.who();
create function shop.next_no(by integer) returns bigint
    language sql
as $$select 1 + by$$;
alter table shop.orders alter column no set default shop.next_no(1);
create function shop.who() returns name
    language sql
as $$select 'a'::name$$;
alter table shop.orders alter column author set default (shop.who())::text;
commit;
