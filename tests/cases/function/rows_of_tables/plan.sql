set search_path = '';
set check_function_bodies = off;
begin;
create function shop.total(wanted bigint) returns numeric
    language plpgsql
as $$declare
  found_total orders.total%type;
  one orders%rowtype;
begin
  select total into found_total from orders where id = wanted;
  return found_total % 10;
end
$$;
commit;
