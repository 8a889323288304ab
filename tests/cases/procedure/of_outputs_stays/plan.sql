set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients lose procedure `shop.p(integer, integer, integer)`
drop procedure shop.p(in integer, in integer, in integer);
commit;
