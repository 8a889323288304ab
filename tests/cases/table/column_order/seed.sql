insert into shop.orders values (1, 2, 'a');
