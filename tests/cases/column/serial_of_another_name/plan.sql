set search_path = '';
set check_function_bodies = off;
begin;
create sequence shop.t_id_seq as integer;
alter sequence shop.t_id_seq owned by shop.t.id;
create temporary table "last id of shop.t" on commit drop as select pg_sequence_last_value('shop.counter'::regclass) as last;
alter table shop.t alter column id drop default;
-- hazard breaking: clients lose sequence `shop.counter`
drop sequence shop.counter;
alter table shop.t alter column id set default nextval('shop.t_id_seq'::regclass);
select setval('shop.t_id_seq'::regclass, last) from pg_temp."last id of shop.t" where last is not null;
commit;
