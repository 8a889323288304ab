insert into shop.sale (at) select i from generate_series(0, 19) i;
