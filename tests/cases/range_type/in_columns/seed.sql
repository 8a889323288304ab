insert into shop.slots values (1, '[1,2)', '{[1,2)}')
