insert into shop.sale values (1, 'north'), (2, 'south');
