insert into shop.orders values ('new'), ('paid');
