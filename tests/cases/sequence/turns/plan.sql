set search_path = '';
set check_function_bodies = off;
begin;
-- hazard data: the sequence begins anew: its position is out of the new bounds
alter sequence shop.down increment by 1 no minvalue no maxvalue start with 1 restart;
-- hazard data: the sequence begins anew: its position is out of the new bounds
alter sequence shop.up increment by -2 minvalue -50 no maxvalue start with -1 restart;
commit;
