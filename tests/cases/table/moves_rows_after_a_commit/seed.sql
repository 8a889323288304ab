insert into shop.job values (1, 'a');
