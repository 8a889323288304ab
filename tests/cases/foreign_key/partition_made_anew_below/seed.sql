insert into shop.sale values (1);
insert into shop.line values (1);
