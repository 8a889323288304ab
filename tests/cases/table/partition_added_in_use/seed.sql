insert into shop.orders select n, 'n' from generate_series(1, 100) n where n < 10 or n > 20;
