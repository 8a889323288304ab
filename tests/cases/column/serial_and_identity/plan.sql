set search_path = '';
set check_function_bodies = off;
begin;
alter sequence shop.no owned by shop.c.id;
create temporary table "last id of shop.b" on commit drop as select pg_sequence_last_value(pg_get_serial_sequence('shop.b', 'id')::regclass) as last;
alter table shop.b alter column id drop identity;
create sequence shop.b_id_seq as integer;
alter sequence shop.b_id_seq owned by shop.b.id;
-- hazard data: turns bigint into integer: values may be cut, rounded or refused
-- hazard rewrite: rewrites the table to turn bigint into integer
alter table shop.b alter column id type integer using id::integer, alter column id set default nextval('shop.b_id_seq'::regclass);
select setval('shop.b_id_seq'::regclass, last) from pg_temp."last id of shop.b" where last is not null;
alter table shop.c alter column id set default nextval('shop.no');
alter table shop.c alter column other drop default;
create temporary table "last id of shop.a" on commit drop as select pg_sequence_last_value('shop.a_id_seq'::regclass) as last;
alter table shop.a alter column id drop default;
-- hazard breaking: clients lose sequence `shop.a_id_seq`
drop sequence shop.a_id_seq;
-- hazard data: turns bigint into integer: values may be cut, rounded or refused
-- hazard rewrite: rewrites the table to turn bigint into integer
alter table shop.a alter column id type integer using id::integer;
alter table shop.a alter column id add generated always as identity;
select setval(pg_get_serial_sequence('shop.a', 'id')::regclass, last) from pg_temp."last id of shop.a" where last is not null;
commit;
