insert into shop.orders values (1, 'a'), (11, 'b'), (21, 'c');
