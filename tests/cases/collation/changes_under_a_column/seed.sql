insert into shop.items values ('a', 'b', 'c');
