set search_path = '';
set check_function_bodies = off;
begin;
-- hazard data: the sequence begins anew: its position is out of the new bounds
alter sequence shop.narrow minvalue -100 maxvalue 100 start with -100 restart;
alter sequence shop.down increment by -2 maxvalue 50 start with 50;
alter sequence shop.typed as smallint start with 1 cache 1 no cycle;
-- hazard data: the sequence begins anew: its position is out of the new bounds
alter table shop.voltages alter column volt set increment by 5 set minvalue -100 set maxvalue 100 set start with -100 restart;
alter table shop.voltages alter column other set cycle;
commit;
