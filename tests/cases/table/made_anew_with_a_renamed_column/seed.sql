insert into s.data values (1, 'x');
