insert into shop.a values (1, 2, 'x')
