insert into shop.orders values (1, 1), (11, 1), (21, 1);
