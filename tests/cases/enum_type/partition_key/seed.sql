insert into shop.orders values (1, 'new', '{new}'), (2, 'sent', '{new,paid}');
