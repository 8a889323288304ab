insert into shop.c values (1, null);
insert into shop.d values (1, 1);
update shop.c set d_id = 1;
