insert into shop.users values (1, row('a', 'b', 1, 2));
