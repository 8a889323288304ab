insert into shop.orders (id, past) values (1, '{new,paid}')
