insert into shop.lines values (1, 2, 'a', 'b');
