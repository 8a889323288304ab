insert into shop.a select i, i, 'n' || i from generate_series(1, 3) i;
insert into shop.c select i, i from generate_series(1, 3) i;
insert into shop.d select i, i from generate_series(1, 3) i;
insert into shop.b select i, i from generate_series(1, 3) i;
