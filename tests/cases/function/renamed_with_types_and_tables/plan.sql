set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of enum type `lib.humor`
alter type lib.mood rename to humor;
-- hazard breaking: clients know the old name of composite type `lib.pare`
alter type lib.pair rename to pare;
-- hazard breaking: clients know the old name of domain `lib.email`
alter domain lib.mail rename to email;
-- hazard breaking: clients know the old name of table `lib.base2`
alter table lib.base rename to base2;
alter sequence lib.base_id_seq rename to base2_id_seq;
-- hazard breaking: clients know the old name of table `lib.tt`
alter table lib.t rename to tt;
alter sequence lib.t_id_seq rename to tt_id_seq;
alter table lib.base2 rename constraint base_pkey to base2_pkey;
alter table lib.tt rename constraint t_pkey to tt_pkey;
-- hazard breaking: clients know the old name of function `lib.fine(text)`
alter function lib.f(text) rename to fine;
-- hazard breaking: clients know the old name of function `lib.trg()`
alter function lib.tr() rename to trg;
commit;
