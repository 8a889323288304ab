set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of column `t.end.select`
alter table t."end" rename column "end" to "select";
alter sequence t.end_end_seq rename to end_select_seq;
alter table t."end" alter column "select" drop identity;
alter table t."end" alter column "select" drop not null;
commit;
