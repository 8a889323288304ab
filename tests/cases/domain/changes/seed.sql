insert into shop.users values ('1@2', 'abc')
