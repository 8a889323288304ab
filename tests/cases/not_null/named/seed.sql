insert into shop.orders values (1, 'a', 'b', 2, '2030-01-01')
