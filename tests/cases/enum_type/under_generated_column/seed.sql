insert into shop.orders (status) values ('new'), ('paid');
