insert into shop.orders select n, n from generate_series(1, 50) n;
