set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.sale add constraint positive check (v > 0) not valid;
alter table shop.first validate constraint positive;
commit;
