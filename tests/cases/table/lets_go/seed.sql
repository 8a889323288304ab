insert into shop.orders (amount) values (1), (2);
