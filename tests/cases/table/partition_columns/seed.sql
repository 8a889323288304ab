insert into shop.orders values (1, 'eu', 'n', 'o'), (2, 'us', 'n', 'o');
