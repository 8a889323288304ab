insert into shop.a (note) values ('one');
insert into shop.b (note) values ('one');
insert into shop.c (id) values (1)
