insert into shop.a select i, i, 'n' || i from generate_series(1, 3) i;
