insert into shop.orders values (1, 'a'), (101, 'b');
insert into shop.orders_2 values (11, 'c');
