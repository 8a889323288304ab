insert into shop.items values ('a', 1.5, now(), 1, '{x,y}', 4, '{2020-01-01,2020-01-02}'), (null, null, null, null, null, null, null);
