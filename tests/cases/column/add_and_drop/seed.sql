insert into shop.orders (old) values ('x'), ('y');
