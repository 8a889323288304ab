insert into shop.keyed values (1); insert into shop.below_keyed values (2); insert into shop.events values (1); insert into shop.both values (1);
