insert into shop.sale values (1);
