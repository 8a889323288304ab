insert into shop.orders (id) values (1), (2); insert into shop.items values (1, 'new', 'paid')
