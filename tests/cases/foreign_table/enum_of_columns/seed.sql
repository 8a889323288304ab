insert into shop.kept values ('new');
