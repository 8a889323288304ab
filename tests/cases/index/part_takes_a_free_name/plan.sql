set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients lose view `shop.keys_1_k_key`
drop view shop.keys_1_k_key;
alter table shop.keys_1 rename constraint keys_1_k_key1 to keys_1_k_key;
-- hazard breaking: clients lose view `shop.leave_1_v_idx`
drop view shop.leave_1_v_idx;
alter index shop.leave_1_v_idx1 rename to leave_1_v_idx;
drop index shop.every;
alter index shop.first_v_idx1 rename to first_v_idx;
commit;
