insert into shop.heir values (1, 'a', 2); insert into shop.parts values (1, 'a', 2);
