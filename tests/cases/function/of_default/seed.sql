insert into shop.orders (id) values (1)
