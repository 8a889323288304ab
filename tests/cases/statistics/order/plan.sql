set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of column `shop.t.d`
alter table shop.t rename column c to d;
create statistics shop.t_ba on a, b from shop.t;
create statistics shop.t_mix on a, d, (a + b) from shop.t;
commit;
