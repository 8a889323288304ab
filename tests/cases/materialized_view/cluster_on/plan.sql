set search_path = '';
set check_function_bodies = off;
begin;
alter materialized view shop.m cluster on m_a;
create materialized view shop.n as
select 2 as a;
create index n_a on shop.n (a);
alter materialized view shop.n cluster on n_a;
commit;
