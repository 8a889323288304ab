set search_path = '';
set check_function_bodies = off;
begin;
create or replace view shop.counted as
select b.id, b.a_id, count(*) as n from shop.b group by b.id, b.a_id;
alter table shop.b drop constraint b_pkey;
alter table shop.b add constraint other primary key (a_id, id);
commit;
