insert into shop.regions values (1, 1), (2, 2);
insert into shop.orders values (1, 1);
