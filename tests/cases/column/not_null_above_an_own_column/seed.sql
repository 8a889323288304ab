insert into shop.own values (1);
