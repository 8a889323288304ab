insert into shop.parts values (1, null);
