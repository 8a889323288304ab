set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.b add constraint b_id_key unique (id);
create or replace view shop.grouped as
select id, v from shop.b group by id, v;
alter table shop.b drop constraint b_pkey;
alter table shop.b alter column id drop not null;
commit;
