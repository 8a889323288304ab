set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.orders add constraint id_is_not_null check (id is not null) not valid;
alter table shop.orders add column "No. of it" integer;
-- hazard rewrite: rewrites the table
alter table shop.orders add column twice numeric generated always as (total * 2) stored;
alter table shop.orders add column note text;
alter table shop.orders add constraint orders_note check (note <> '') not valid;
create statistics shop.orders_stat on note, total from shop.orders;
create rule kept as on delete to shop.orders where old.note = 'kept' do instead nothing;
create policy few on shop.orders using ("No. of it" < 9);
comment on column shop.orders.note is 'Free';
commit;
alter table shop.orders validate constraint id_is_not_null;
create unique index concurrently orders_no on shop.orders ("No. of it", note);
alter table shop.orders validate constraint orders_note;
create index concurrently orders_twice on shop.orders (twice desc, lower(note)) where "No. of it" > 0;
begin;
alter table shop.orders alter column id set not null;
alter table shop.orders drop constraint id_is_not_null;
alter table shop.orders add constraint orders_no unique using index orders_no;
commit;
create unique index concurrently orders_pkey on shop.orders (id);
begin;
alter table shop.orders add constraint orders_pkey primary key using index orders_pkey;
create view shop.notes as
select note, "No. of it" from shop.orders;
-- hazard block: compares every row while writers of both tables wait
alter table shop.items add constraint items_order foreign key (order_id) references shop.orders(id);
commit;
