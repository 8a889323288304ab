set search_path = '';
set check_function_bodies = off;
begin;
alter type shop.status add value 'draft' before 'new';
commit;
begin;
alter table shop.orders alter column status set default 'draft';
alter table shop.orders add column earlier shop.status default 'draft';
alter table shop.orders add constraint not_draft check (status <> 'draft' or id > 0) not valid;
create function shop.first() returns shop.status
    language sql immutable
as $$select 'draft'::shop.status$$;
commit;
alter table shop.orders validate constraint not_draft;
create index concurrently orders_drafts on shop.orders (id) where status = 'draft';
begin;
create view shop.drafts as
select id from shop.orders where status = 'draft';
commit;
