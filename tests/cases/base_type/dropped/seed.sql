insert into shop.t (id) values (1), (2);
