insert into shop.orders values (1, 2), (2, 3); refresh materialized view shop.m;
