set search_path = '';
set check_function_bodies = off;
begin;
drop index shop.every;
alter index shop.first_v_idx1 rename to first_v_idx;
commit;
