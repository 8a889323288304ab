set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.also alter column y drop default;
alter table shop.also alter column z drop default;
alter table shop.also alter column w drop default;
alter table shop.part_2 alter column x drop default;
alter table only shop.whole alter column x drop default;
alter table shop.z_above alter column x set default 3;
alter table shop.below alter column x set default 4;
alter table shop.z_above alter column y set default 2;
alter table shop.below alter column y set default 5;
alter table only shop.z_calls alter column x drop default;
alter table only shop.z_calls alter column y drop default;
alter table shop.z_calls alter column w drop default;
-- hazard breaking: clients find another function `shop.next()`
drop function shop.next();
create function shop.next() returns integer
    language sql
as $$select 1$$;
alter table shop.also alter column w set default shop.next();
alter table only shop.whole alter column x set default shop.next();
alter table shop.part_2 alter column x set default shop.next();
alter table only shop.z_calls alter column x set default shop.next();
alter table only shop.z_calls alter column y set default shop.next();
alter table shop.also alter column y set default 6;
alter table shop.z_calls alter column z set default shop.next();
alter table shop.also alter column z set default 7;
commit;
