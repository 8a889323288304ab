set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients lose procedure `shop.close(date)`
drop procedure shop.close(in date);
-- hazard breaking: clients lose procedure `shop.kind_changes()`
drop procedure shop.kind_changes();
create function shop.kind_changes() returns integer
    language sql
as $$select 1$$;
create procedure shop.close(d date, inout n integer default 0)
    language plpgsql security definer
as $$begin n := 1; end$$;
create procedure shop.clean()
    language sql
    set work_mem to '8MB'
begin atomic end;
comment on procedure shop.close(in date, in integer) is 'Kept';
commit;
