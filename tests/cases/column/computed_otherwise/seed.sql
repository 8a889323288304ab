insert into shop.base (a) values (1); insert into shop.sales (id) values (2);
