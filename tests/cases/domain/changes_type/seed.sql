insert into shop.users values (4, '{1,2}')
