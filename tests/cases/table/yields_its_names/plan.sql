set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.m drop constraint m_pkey;
alter table shop.m drop constraint m_u;
create table shop.zz9 (
    id integer not null,
    u integer,
    constraint m_pkey primary key (id),
    constraint m_u unique (u)
);
create or replace view shop.v as
select id from shop.zz9;
-- hazard data: drops the table with its rows
-- hazard breaking: clients lose table `shop.m`
drop table shop.m;
commit;
