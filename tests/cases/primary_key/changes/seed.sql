insert into shop.a values (1); insert into shop.f values (1); insert into shop.c values (1, 1)
