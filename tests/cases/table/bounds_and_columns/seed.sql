insert into shop.orders values (1, 'a', 1, 1), (16, 'b', 2, 2);
