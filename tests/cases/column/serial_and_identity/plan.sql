set search_path = '';
set check_function_bodies = off;
begin;
alter sequence shop.no owned by shop.c.id;
alter table shop.b alter column id drop identity;
create sequence shop.b_id_seq as integer;
alter sequence shop.b_id_seq owned by shop.b.id;
-- hazard data: turns bigint into integer: values may be cut, rounded or refused
-- hazard rewrite: rewrites the table to turn bigint into integer
alter table shop.b alter column id type integer using id::integer, alter column id set default nextval('shop.b_id_seq'::regclass);
alter table shop.c alter column id set default nextval('shop.no');
alter table shop.c alter column other drop default;
alter table shop.a alter column id drop default;
-- hazard data: drops the sequence with its position
-- hazard breaking: clients lose sequence `shop.a_id_seq`
drop sequence shop.a_id_seq;
-- hazard data: turns bigint into integer: values may be cut, rounded or refused
-- hazard rewrite: rewrites the table to turn bigint into integer
alter table shop.a alter column id type integer using id::integer;
alter table shop.a alter column id add generated always as identity;
commit;
