set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of enum type `shop.third`
alter type shop.second rename to third;
commit;
