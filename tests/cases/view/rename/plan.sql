set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of view `shop.new`
alter view shop.old rename to new;
-- hazard breaking: clients lose function `shop.old_total(integer)`
drop function shop.old_total(integer);
create function shop.total(integer) returns integer
    language sql
as $$select 1$$;
create or replace view shop.new as
select id from shop.orders;
create or replace view shop.above as
SELECT new_1.id
   FROM shop.new new_1;
commit;
