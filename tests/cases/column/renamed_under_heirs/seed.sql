insert into shop.items (code) values ('A');
insert into shop.books (code) values ('B');
