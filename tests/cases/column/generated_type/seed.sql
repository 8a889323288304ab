insert into shop.a (id) values (1), (2);
