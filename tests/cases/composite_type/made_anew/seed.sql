insert into shop.orders values (1, '(5,EUR,)', '{"(5,EUR,)",NULL}')
