alter table shop.orders drop column total;
alter table shop.orders add column gone int, add column total numeric;
alter table shop.orders drop column gone;
insert into shop.orders values (1, 2);
