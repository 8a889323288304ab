set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.a rename to dbstate_rename_1;
alter sequence shop.a_id_seq rename to dbstate_rename_1_id_seq;
-- hazard breaking: clients know the old name of table `shop.a`
alter table shop.b rename to a;
alter sequence shop.b_id_seq rename to a_id_seq;
-- hazard breaking: clients know the old name of table `shop.b`
alter table shop.dbstate_rename_1 rename to b;
alter sequence shop.dbstate_rename_1_id_seq rename to b_id_seq;
alter table shop.b rename constraint a_pkey to dbstate_rename_1;
alter table shop.a rename constraint b_pkey to a_pkey;
alter table shop.b rename constraint dbstate_rename_1 to b_pkey;
alter index shop.a_x rename to b_x;
commit;
