set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.orders drop constraint gone;
alter table shop.orders drop constraint a;
alter table shop.users add column last bigint;
-- hazard block: compares every row while writers of both tables wait
alter table shop.orders add constraint a foreign key (user_id) references shop.users(id) on update set null on delete cascade;
alter table shop.orders validate constraint b;
alter table shop.orders alter constraint c deferrable initially deferred;
-- hazard block: compares every row while writers of both tables wait
alter table shop.orders add constraint d foreign key (no, tenant) references shop.users(no, tenant) match full;
-- hazard block: compares every row while writers of both tables wait
alter table shop.orders add constraint "F g" foreign key (name) references shop.users("Name");
-- hazard block: compares every row while writers of both tables wait
alter table shop.users add constraint back foreign key (last) references shop.orders(id);
comment on constraint c on shop.orders is 'waits';
commit;
