insert into shop.b values (1, 'x'); insert into shop.c values (1, 'x');
