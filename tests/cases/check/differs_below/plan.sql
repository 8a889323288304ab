set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.comes drop constraint low;
alter table shop.first drop constraint positive;
-- hazard block: compares every row while readers and writers wait
alter table shop.comes add constraint low check (v < 100);
alter table shop.ready attach partition shop.comes for values in (1);
alter table shop.sale add constraint positive check (v > 0);
commit;
