insert into shop.orders values (1, 1), (11, 1); insert into shop.users values (1), (11);
