insert into shop.sale values ('1', '2');
