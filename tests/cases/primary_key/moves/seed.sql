insert into shop.t values (1, 1);
