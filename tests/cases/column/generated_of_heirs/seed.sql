insert into shop.items (code, note) values ('a', 'first');
insert into shop.books (code, note, pages) values ('b', 'second', 10);
insert into shop.maps (code, note, pages) values ('c', 'third', 1);
