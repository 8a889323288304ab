set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients lose function `shop.dropped(text)`
drop function shop.dropped(text);
-- hazard breaking: clients lose function `shop.total(bigint)`
drop function shop.total(bigint);
-- hazard breaking: clients find another function `shop.result()`
drop function shop.result();
-- hazard breaking: clients find another function `shop.renamed_arg(integer)`
drop function shop.renamed_arg(integer);
drop view shop.uses;
-- hazard breaking: clients find another function `shop.used(integer)`
drop function shop.used(integer);
create table shop.late_table (
    id bigint
);
create function shop.total(order_id bigint, currency text default 'EUR') returns numeric
    language plpgsql security definer
    set search_path to shop
as $$begin
  return (select total from shop.orders where id = order_id);
end
$$;
alter function shop.attributes(integer) volatile strict leakproof parallel safe cost 100 rows 1000 reset work_mem;
create function shop.result() returns bigint
    language sql
as $$select 1::bigint$$;
create function shop.renamed_arg(b integer) returns integer
    language sql
as $$select 1$$;
create function shop.used(n integer) returns bigint
    language sql immutable
as $$select n::bigint$$;
create function shop.atomic(n integer) returns integer
    language sql
return n + 1;
create function shop.late() returns setof shop.late_table
    language sql
as $$select * from shop.late_table$$;
create view shop.uses as
select shop.used(1) as n;
comment on function shop.result() is 'Kept';
commit;
