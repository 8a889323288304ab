insert into shop.sale (day, note) select date '2025-03-01' + 200 * i, 'note ' || i from generate_series(0, 3) i;
