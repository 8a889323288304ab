insert into shop.lines values (1, 'a');
insert into shop.orders values (row(1, 'a'));
