set search_path = '';
set check_function_bodies = off;
begin;
drop view shop.v;
drop index shop.a_twice;
alter table shop.a drop column twice;
-- hazard rewrite: rewrites the table to turn integer into bigint
alter table shop.a alter column id type bigint using id::bigint;
-- hazard rewrite: rewrites the table
alter table shop.a add column twice numeric generated always as (id * 2) stored;
-- hazard block: builds the index while writers wait
create index a_twice on shop.a (twice);
create view shop.v as
select id, twice from shop.a;
comment on column shop.a.twice is 'Kept';
commit;
