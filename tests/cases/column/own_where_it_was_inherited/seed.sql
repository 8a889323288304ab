insert into shop.kid values (1, 2, 'a', 3);
