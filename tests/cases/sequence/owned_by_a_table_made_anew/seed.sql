insert into shop.orders values (1, 1, 1);
