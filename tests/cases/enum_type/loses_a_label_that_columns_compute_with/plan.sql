set search_path = '';
set check_function_bodies = off;
begin;
drop view shop.done_orders;
alter table shop.orders drop column shown;
drop index shop.orders_done_idx;
alter table shop.orders drop column done;
alter type shop.status rename to status_old;
create type shop.status as enum ('paid', 'new', 'lost');
-- hazard rewrite: rewrites the table to move it to the new type
-- hazard data: fails where a row holds `gone`
alter table shop.orders alter column status drop default, alter column status type shop.status using status::text::shop.status, alter column status set default 'new'::shop.status;
drop type shop.status_old;
-- hazard rewrite: rewrites the table
alter table shop.orders add column done boolean generated always as (status = 'paid') stored;
-- hazard rewrite: rewrites the table
alter table shop.orders add column shown shop.status generated always as (case when status = 'paid' then 'new'::shop.status else status end) stored;
-- hazard block: builds the index while writers wait
create index orders_done_idx on shop.orders (done);
create view shop.done_orders as
select done, shown from shop.orders where done;
comment on column shop.orders.done is 'Nothing is owed';
commit;
