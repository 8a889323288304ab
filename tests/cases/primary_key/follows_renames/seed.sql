insert into shop.purchase values (1, 2, 'x'); insert into shop.items values (1, 2)
