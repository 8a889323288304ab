set search_path = '';
set check_function_bodies = off;
begin;
drop view shop.w;
-- hazard block: readers wait while its query runs again
drop materialized view shop.m;
drop view shop.v;
-- hazard rewrite: rewrites the table to turn integer into bigint
alter table shop.orders alter column id type bigint using id::bigint;
create view shop.v with (security_barrier = 'true') as
select id, total from shop.orders;
create view shop.w as
select id from shop.v;
alter view shop.v alter column total set default 0;
create materialized view shop.m with (fillfactor = '70') as
select id, total from shop.v;
-- hazard block: builds the index while writers wait
create unique index m_id on shop.m (id);
alter materialized view shop.m cluster on m_id;
create statistics shop.m_stat on id, total from shop.m;
create rule quiet as on delete to shop.v do instead nothing;
create trigger put instead of insert on shop.v for each row execute function shop.put();
alter materialized view shop.m owner to app;
alter view shop.v owner to app;
alter statistics shop.m_stat owner to app;
grant select on table shop.m to reader;
revoke delete, maintain, references, trigger, truncate, update on table shop.v from app;
grant update on table shop.v to reader with grant option;
grant select (id) on table shop.v to reader;
grant select on table shop.w to reader;
comment on view shop.w is 'Above';
comment on materialized view shop.m is 'Stored';
comment on view shop.v is 'Shown';
comment on index shop.m_id is 'Fast';
comment on column shop.v.id is 'Number';
comment on trigger put on shop.v is 'Puts';
comment on rule quiet on shop.v is 'Kept';
commit;
