set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.orders drop constraint orders_last_payment;
alter table shop.refunds drop constraint refunds_payment;
-- hazard rewrite: rewrites the table
alter table shop.refunds set unlogged;
-- hazard rewrite: rewrites the table
alter table shop.payments set unlogged;
-- hazard rewrite: rewrites the table
alter table shop.orders set unlogged;
-- hazard block: compares every row while writers of both tables wait
alter table shop.orders add constraint orders_last_payment foreign key (last_payment) references shop.payments(id) deferrable initially deferred;
-- hazard block: compares every row while writers of both tables wait
alter table shop.refunds add constraint refunds_payment foreign key (payment) references shop.payments(id);
comment on constraint orders_last_payment on shop.orders is 'The newest';
commit;
