insert into shop.a (x) values (1), (2); insert into shop.b (y) values ('one');
