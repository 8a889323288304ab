insert into shop.grows values (1, 'a');
insert into shop.shrinks values (1, 'a', 2);
insert into shop.joins values (1, 'a', 2);
insert into shop.leaves values (1, 'a');
