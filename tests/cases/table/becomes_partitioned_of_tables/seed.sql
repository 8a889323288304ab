insert into shop.sale (at) select i from generate_series(0, 19) i;
insert into shop.sale_0 values (0, 3);
insert into shop.sale_1 values (0, 13);
