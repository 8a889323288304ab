insert into shop.orders values (1, 'north'), (12, 'south')
