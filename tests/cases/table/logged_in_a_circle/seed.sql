begin;
insert into shop.orders values (1, 10), (2, null);
insert into shop.payments values (10, 1), (11, 2);
insert into shop.refunds values (11);
commit;
