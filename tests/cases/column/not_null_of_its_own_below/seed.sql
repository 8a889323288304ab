insert into shop.orders values (1, 'a'), (11, 'b'); insert into shop.below_kept values (1);
