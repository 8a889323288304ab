insert into shop.shops values (row(4));
