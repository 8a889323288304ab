insert into shop.a values (1); insert into shop.b values (1, 1);
