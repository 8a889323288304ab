insert into shop.toys values (1, 'a', 2); insert into shop.balls values (2, 'b', 3);
